import { describe, expect, it } from 'vitest'
import type { ApiPlan, IssuerPlan, RequirePlan } from '../../compile/plan.ts'
import { resourceMetadata, resourceMetadataPath, resourceMetadataUrl } from './resource-metadata.ts'

const nothing: RequirePlan = { audiences: [], claims: [], scopes: [] }

function scopes(claim: string, any: readonly string[]): RequirePlan {
  return { ...nothing, scopes: [{ claim: { text: claim, segments: [claim] }, any, all: undefined, rule: 'r' }] }
}

const orders: ApiPlan = {
  id: 'orders',
  rule: 'apis.orders',
  host: undefined,
  segments: ['orders', 'v1'],
  stripPath: false,
  pathForms: 0,
  methods: ['GET'],
  bodyBytesMax: undefined,
  access: {
    kind: 'protected',
    tokenPlaces: [
      { kind: 'header', name: 'authorization', scheme: 'bearer' },
      { kind: 'cookie', name: 'session', origins: [] },
    ],
    tokenBytesMax: 8192,
    issuerIds: ['acme', 'tenants'],
    require: scopes('scope', ['orders.read']),
    trustSelfAsserted: [],
    identify: undefined,
    grants: undefined,
  },
  routes: [
    {
      rule: 'apis.orders.routes[0]',
      segments: ['admin'],
      rest: true,
      methods: undefined,
      access: 'inherit',
      require: scopes('realm_access.roles', ['admin']),
      override: false,
    },
  ],
  forward: { token: 'keep', claims: [], application: [] },
  allowHeaders: [],
  forwarded: 'x-forwarded',
  cors: undefined,
  websocket: undefined,
  cutAtExpiry: false,
  upstream: {
    id: 'u',
    rule: 'apis.orders.upstream',
    targets: [],
    host: 'target',
    connectTimeoutMs: 1,
    responseTimeoutMs: 1,
    streamIdleTimeoutMs: 300_000,
    idleTimeoutMs: 1,
    connectionsMax: 1,
    requestsMax: 1024,
    waitingMax: 1024,
    balance: 'leastConnections',
    health: { failures: 3, ejectMs: 500, ejectMsMax: 30_000 },
    tls: undefined,
  },
}

function issuer(match: IssuerPlan['match']): IssuerPlan {
  return {
    id: 'i',
    rule: 'issuers.i',
    match,
    trust: 'keys',
    algorithmBits: 0,
    keys: [],
    remoteKeys: false,
    introspection: undefined,
    audiences: undefined,
    iatSkewSeconds: 0,
    nbfSkewSeconds: 0,
    expSkewSeconds: 0,
    requireExp: true,
    maxLifetimeSeconds: undefined,
    requireClaims: [],
    accept: 'accessToken',
  }
}

describe('resourceMetadata (RFC 9728)', () => {
  it('names the resource by its public address, exact issuers only, and what is known of scopes', () => {
    const pattern = issuer({
      kind: 'pattern',
      prefix: 'https://login.example/',
      suffix: '/v2.0',
      tenants: undefined,
      tenantClaim: { text: 'tid', segments: ['tid'] },
    })
    const exact = issuer({ kind: 'exact', iss: 'https://id.example.com/realms/acme' })
    expect(resourceMetadata('https://api.example.com/', orders, [exact, pattern, issuer({ kind: 'any' })])).toEqual({
      resource: 'https://api.example.com/orders/v1',
      authorization_servers: ['https://id.example.com/realms/acme'],
      scopes_supported: ['orders.read'],
      bearer_methods_supported: ['header'],
    })
  })

  it('leaves out what is not known instead of sending an empty list', () => {
    expect(resourceMetadata('https://api.example.com', { ...orders, access: { kind: 'public' } }, [])).toBeUndefined()
    expect(
      resourceMetadata(
        'https://api.example.com',
        { ...orders, routes: [], access: { ...orders.access, require: nothing } as ApiPlan['access'] },
        [issuer({ kind: 'any' })],
      ),
    ).toEqual({ resource: 'https://api.example.com/orders/v1', bearer_methods_supported: ['header'] })
  })

  it('is found before the path of the resource (RFC 9728 3.1)', () => {
    expect(resourceMetadataPath(orders)).toBe('/.well-known/oauth-protected-resource/orders/v1')
    expect(resourceMetadataUrl('https://api.example.com:8443', { ...orders, segments: [] })).toBe(
      'https://api.example.com:8443/.well-known/oauth-protected-resource',
    )
  })
})
