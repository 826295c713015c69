import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatApiKey } from '../domain/api-key-form.ts'
import { ok } from '../domain/result.ts'
import { type LoadedConfig, loadConfig } from './config/load-config.ts'
import { registerApiKey } from './offline-api-key.ts'
import { explainOffline } from './offline-explain.ts'
import { type SimulatedQuestion, simulate } from './offline-simulate.ts'
import type { Simulation } from './offline-simulation.ts'

const nowMs = Date.UTC(2026, 0, 1)
const nowSeconds = nowMs / 1000
const iss = 'https://id.example.com'
const file = 'a.yaml'

let dataDir = ''
let privateJwk: Jwk
let publicJwk: Jwk
let robotJwk: Jwk
let robotPublicJwk: Jwk
const shopKey = formatApiKey(Buffer.alloc(20, 7))
let shopHash = ''

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jotgate-simulate-'))
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('no pair')
  privateJwk = made.privateJwk
  publicJwk = made.publicJwk
  const robot = await generateKey('ES256')
  if (robot.kind !== 'pair') throw new Error('no pair')
  robotJwk = robot.privateJwk
  robotPublicJwk = robot.publicJwk
  const registered = registerApiKey(dataDir, shopKey)
  if (!registered.ok) throw new Error(registered.error)
  shopHash = registered.value.hash
})

afterAll(() => rmSync(dataDir, { recursive: true }))

interface Variant {
  readonly access?: object
  readonly api?: object
  readonly billing?: object
  readonly robot?: object
  readonly issuers?: object
}

const policies = {
  reader: { access: [{ api: 'orders', methods: ['GET'] }] },
  writer: { access: [{ api: 'orders' }] },
  clerk: { access: [{ api: 'orders', methods: ['GET', 'POST'], paths: ['/v1/*', '/v2'] }], maxTokenAge: '10m' },
  past: { access: [{ api: 'orders' }], validUntil: '2025-01-01T00:00:00Z' },
}

/** An API `orders` that knows applications by claims, one with a key of its own, and some policies; `variant` says what else. */
function documentOf({ access: own, api, billing, robot, issuers }: Variant): object {
  const access: Readonly<Record<string, unknown>> = {
    issuers: ['acme'],
    identify: { by: ['jwtClaims'] },
    policy: { default: ['reader'] },
    ...own,
  }
  // Nothing may be granted or subscribed to where nobody asks.
  const asksPolicy = access.policy !== undefined
  const subscribed = (ids: readonly string[]) =>
    access.identify === undefined
      ? []
      : [asksPolicy && ids.length > 0 ? { api: 'orders', policies: ids } : { api: 'orders' }]
  return {
    version: 1,
    issuers: { acme: { issuer: iss, keys: { jwks: { keys: [publicJwk] } }, audiences: ['orders'] }, ...issuers },
    policies: asksPolicy || access.scopes !== undefined ? policies : {},
    applications: {
      billing: {
        name: 'Billing',
        claims: [{ issuer: 'acme', match: { azp: 'billing' } }],
        subscriptions: subscribed(['writer']),
        ...billing,
      },
      shop: {
        claims: [
          { issuer: 'acme', match: { azp: 'shop', tenant: 'north' } },
          { issuer: 'acme', match: { azp: 'shop-batch' } },
        ],
        apiKeys: [{ id: 'k1', hash: shopHash }],
        subscriptions: subscribed([]),
      },
      north: { claims: [{ issuer: 'acme', match: { tenant: 'north' } }], subscriptions: subscribed([]) },
      stranger: { claims: [{ issuer: 'acme', match: { azp: 'stranger' } }] },
      robot: {
        tokens: { keys: [{ name: 'own', jwks: { keys: [robotPublicJwk] } }] },
        subscriptions: subscribed(['reader']),
        ...robot,
      },
    },
    apis: {
      orders: { listen: { path: '/orders' }, upstream: { targets: ['http://127.0.0.1:9'] }, access, ...api },
      open: { listen: { path: '/open' }, upstream: { targets: ['http://127.0.0.1:9'] }, access: 'public' },
    },
  }
}

async function load(variant: Variant = {}): Promise<LoadedConfig> {
  const text = JSON.stringify(documentOf(variant), undefined, 1)
  const files = { realPath: async (path: string) => path, readBytes: async () => ok(Buffer.from(text)) }
  const loaded = await loadConfig(file, { environment: {}, allowEnv: [], secretsDir: undefined, nowMs, files })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return loaded.value
}

type Asked = Omit<SimulatedQuestion, 'apiId' | 'claims'> & { readonly claims?: object; readonly apiId?: string }

function questionOf({ claims, ...rest }: Asked): SimulatedQuestion {
  return { apiId: 'orders', ...rest, claims: claims && JSON.stringify(claims) }
}

async function told(asked: Asked, variant: Variant = {}): Promise<Simulation> {
  const result = simulate(questionOf(asked), await load(variant), { dataDir, nowMs, file })
  if (!result.ok) throw new Error(result.error)
  return result.value
}

async function failure(question: Partial<SimulatedQuestion>, from = dataDir, variant: Variant = {}): Promise<string> {
  const result = simulate({ apiId: 'orders', ...question }, await load(variant), { dataDir: from, nowMs, file })
  return result.ok ? 'an answer' : result.error
}

const get = { method: 'GET', target: '/orders/7' }
const post = { method: 'POST', target: '/orders/7' }
const eitherWay = { identify: { by: ['jwtClaims', 'apiKey'] } }
const keyAlone = { issuers: [], identify: { by: ['apiKey'] }, policy: { claim: false, default: ['reader'] } }

describe('who is calling', () => {
  it('an application, and what it is known by', async () => {
    expect(await told({ claims: { azp: 'billing' } })).toMatchObject({
      caller: { by: 'claims', issuer: 'acme', assumed: ['iss', 'aud', 'iat', 'exp'], apiKey: false },
      application: {
        asked: true,
        found: { id: 'billing', name: 'Billing', status: 'active', by: ['applications.billing.claims[0]'] },
      },
      allowed: true,
    })
  })

  it('the set with the most claims is the one told', async () => {
    const { application, closest } = await told({ claims: { azp: 'shop', tenant: 'north' } })
    expect(application?.found).toMatchObject({ id: 'shop', by: ['applications.shop.claims[0]'] })
    expect(closest[0]).toMatchObject({ id: 'north', claims: 1, matching: 1, mismatches: [] })
  })

  it('nobody, and whom the claims come near to', async () => {
    const { application, closest, policies, allowed, refusal } = await told({ claims: { azp: 'shop', tenant: 7 } })
    expect(application?.found).toBeUndefined()
    expect(application?.refusal).toMatchObject({
      reason: 'application_unidentified',
      seen: 'a good token that matches no claim set of any application',
      rule: { path: 'apis.orders.access.identify', file },
    })
    expect(refusal).toEqual(application?.refusal)
    expect(closest.map(({ id }) => id)).toEqual(['shop', 'billing', 'stranger'])
    expect(closest[0]).toEqual({
      id: 'shop',
      set: 'applications.shop.claims[0]',
      claims: 2,
      matching: 1,
      mismatches: [{ claim: 'tenant', words: 'tenant is a number, not text' }],
      needsSubscription: false,
    })
    expect(closest[1]?.mismatches[0]?.words).toBe('azp is "shop", not "billing"')
    expect({ policies, allowed }).toEqual({ policies: undefined, allowed: false })
    expect(closest[2]).toMatchObject({ id: 'stranger', needsSubscription: true })
  })

  it.each<[string, Asked, Variant, string, string | undefined]>([
    ['two as much', { claims: { azp: 'billing', tenant: 'north' } }, {}, 'application_ambiguous', undefined],
    [
      'suspended',
      { claims: { azp: 'billing' } },
      { billing: { status: 'suspended' } },
      'application_inactive',
      'billing',
    ],
    ['not subscribed', { claims: { azp: 'stranger' } }, {}, 'not_subscribed', 'stranger'],
    ['a wrong key', { apiKey: 'no-such-key-1234567' }, { access: keyAlone }, 'api_key_invalid', undefined],
    ['a damaged key', { apiKey: `${shopKey.slice(0, -1)}!` }, { access: keyAlone }, 'api_key_invalid', undefined],
    [
      'a wrong key beside good claims',
      { claims: { azp: 'billing' }, apiKey: 'x'.repeat(20) },
      { access: eitherWay },
      'api_key_invalid',
      undefined,
    ],
    [
      'a key of another one',
      { claims: { azp: 'billing' }, apiKey: shopKey },
      { access: eitherWay },
      'application_ambiguous',
      undefined,
    ],
  ])('%s: refused', async (_, asked, variant, reason, found) => {
    const { application, refusal, allowed } = await told(asked, variant)
    expect({ reason: refusal?.reason, found: application?.found?.id, allowed }).toEqual({
      reason,
      found,
      allowed: false,
    })
  })

  it('an API key alone', async () => {
    const { caller, application, closest, allowed } = await told({ apiKey: shopKey }, { access: keyAlone })
    expect(caller).toEqual({ by: 'none', assumed: [], apiKey: true })
    expect(application?.found).toMatchObject({ id: 'shop', by: ['API key k1'] })
    expect({ closest, allowed }).toEqual({ closest: [], allowed: true })
  })

  it('an API key of the query', async () => {
    const access = { ...keyAlone, identify: { by: ['apiKey'], apiKey: { query: 'key' } } }
    const ask = (target: string, apiKey: string) => told({ apiKey, request: { method: 'GET', target } }, { access })
    expect((await ask('/orders/7', shopKey)).allowed).toBe(true)
    expect((await ask('/orders/7?key=other&x=1', shopKey)).allowed).toBe(true)
    expect((await ask('/orders/7', `${shopKey}&`)).refusal?.reason).toBe('api_key_invalid')
  })

  it('a key and claims of one application', async () => {
    const { application } = await told({ claims: { azp: 'shop-batch' }, apiKey: shopKey }, { access: eitherWay })
    expect(application?.found?.by).toEqual(['API key k1', 'applications.shop.claims[1]'])
  })

  it('a key where the API wants a token as well', async () => {
    const access = { identify: { by: ['apiKey'] } }
    expect((await told({ apiKey: shopKey }, { access })).refusal?.reason).toBe('token_missing')
    expect((await told({ apiKey: shopKey, claims: {} }, { access })).application?.found?.id).toBe('shop')
  })

  it('nobody, where that is enough', async () => {
    const { application, allowed } = await told(
      { claims: {} },
      { access: { identify: { by: ['jwtClaims'], lookup: 'relax' } } },
    )
    expect({ application, allowed }).toEqual({ application: { asked: true }, allowed: true })
    expect((await told({ claims: {} }, { access: { identify: undefined } })).application).toEqual({ asked: false })
  })
})

describe('with what policies', () => {
  const scopes = { claim: 'scope', policies: { 'orders.write': 'writer', audit: ['reader', 'clerk'] } }

  it.each<[string, Asked, Variant, object]>([
    ['its subscription', { claims: { azp: 'billing' } }, {}, { writer: ['subscription'] }],
    ['the default', { claims: { azp: 'shop-batch' } }, {}, { reader: ['default'] }],
    [
      'the claim',
      { claims: { azp: 'billing', pol: ['clerk', 'reader'] } },
      {},
      { clerk: ['claim pol'], reader: ['claim pol'] },
    ],
    [
      'scopes',
      { claims: { azp: 'shop-batch', scope: 'openid audit' } },
      { access: { scopes } },
      { clerk: ['scope audit'], reader: ['default', 'scope audit'] },
    ],
  ])('by %s', async (_, asked, variant, wanted) => {
    const { policies } = await told(asked, variant)
    expect(Object.fromEntries((policies?.granted ?? []).map(({ id, from }) => [id, from]))).toEqual(wanted)
  })

  it('tells what each grants here, and how they are merged', async () => {
    const access = { policy: { default: ['clerk', 'past'], merge: 'strict' } }
    const { policies } = await told({ claims: { azp: 'shop-batch' } }, { access })
    expect(policies).toEqual({
      asked: true,
      merge: 'strict',
      granted: [
        {
          id: 'clerk',
          from: ['default'],
          rights: [{ methods: ['GET', 'POST'], paths: ['/orders/v1/*', '/orders/v2'] }],
          maxTokenAgeSeconds: 600,
        },
        {
          id: 'past',
          from: ['default'],
          rights: [{ methods: 'all', paths: ['/orders/*'] }],
          validUntil: '2025-01-01T00:00:00.000Z',
        },
      ],
    })
  })

  it.each<[object, object | undefined, string]>([
    [{ pol: 'ghost' }, undefined, 'policy_unknown'],
    [{ pol: 7 }, undefined, 'claim_mismatch'],
    [{}, { policy: {} }, 'no_policy'],
  ])('none, claims %j: %s', async (claims, access, reason) => {
    const { policies, refusal } = await told({ claims: { azp: 'shop-batch', ...claims } }, access ? { access } : {})
    expect(policies).toMatchObject({ asked: true, granted: [], refusal: { reason } })
    expect(refusal?.reason).toBe(reason)
  })

  it('none are asked for', async () => {
    const access = { policy: undefined }
    expect((await told({ claims: { azp: 'billing' } }, { access })).policies).toEqual({ asked: false, granted: [] })
  })
})

describe('and what of a request', () => {
  const shop = { azp: 'shop-batch' }
  const routes = [
    { path: '/open/*', access: 'public', override: true },
    { path: '/admin', require: { scopes: { any: ['admin'] } } },
  ]

  it.each<[string, Asked, Variant, string | undefined]>([
    ['a right', { claims: shop, request: get }, {}, undefined],
    ['no right', { claims: shop, request: post }, {}, 'access_denied'],
    [
      'a method the API does not take',
      { claims: shop, request: { ...get, method: 'PATCH' } },
      { api: { methods: ['GET', 'POST'] } },
      'method_not_allowed',
    ],
    ['no scope', { claims: shop, request: { ...get, target: '/orders/admin' } }, { api: { routes } }, 'scope_missing'],
    [
      'the scope',
      { claims: { ...shop, scope: 'admin' }, request: { ...get, target: '/orders/admin' } },
      { api: { routes } },
      undefined,
    ],
    [
      'a public route',
      { claims: { azp: 'x' }, request: { ...get, target: '/orders/open/1' } },
      { api: { routes } },
      undefined,
    ],
    ['another audience', { claims: { ...shop, aud: 'bills' }, request: get }, {}, 'audience_mismatch'],
    [
      'an old token',
      { claims: { ...shop, pol: 'clerk', iat: nowSeconds - 900 }, request: { ...get, target: '/orders/v2' } },
      {},
      'token_too_old',
    ],
    ['a policy that ended', { claims: { ...shop, pol: 'past' }, request: get }, {}, 'policy_ended'],
    ['a path form nobody asked for', { claims: shop, request: { ...get, target: '/orders/a%2Fb' } }, {}, 'bad_path'],
  ])('%s', async (_, asked, variant, reason) => {
    const { request, refusal, allowed } = await told(asked, variant)
    expect(request?.method).toBe(asked.request?.method)
    expect({ reason: refusal?.reason, allowed }).toEqual({ reason, allowed: reason === undefined })
  })

  it('the API’s own scopes are asked for without a request as well', async () => {
    const access = { require: { scopes: { any: ['orders'] } } }
    expect((await told({ claims: shop }, { access })).refusal?.reason).toBe('scope_missing')
  })

  it('names the line that refuses', async () => {
    const { refusal } = await told({ claims: shop, request: post })
    expect(refusal?.rule).toMatchObject({ path: 'apis.orders.access.policy', file, line: expect.any(Number) })
  })
})

describe('a token', () => {
  const claims = { iss, aud: 'orders', exp: nowSeconds + 60, azp: 'billing' }

  it('is judged by its claims; its signature is not', async () => {
    const token = await signToken(claims, privateJwk)
    const forged = `${token.slice(0, -8)}AAAAAAAA`
    for (const one of [token, forged]) {
      const simulation = await told({ token: one, request: post })
      expect(simulation).toMatchObject({ caller: { by: 'token', issuer: 'acme', assumed: [] }, allowed: true })
      expect(JSON.stringify(simulation)).not.toContain(one.split('.')[1])
    }
  })

  it.each<[string, Readonly<Record<string, unknown>> | string, string]>([
    ['no token', 'abc', 'token_malformed'],
    ['another issuer', { ...claims, iss: 'https://elsewhere.example' }, 'issuer_untrusted'],
    ['one that expired', { ...claims, exp: nowSeconds - 60 }, 'token_expired'],
    ['one bound to its sender', { ...claims, cnf: { jkt: 'x' } }, 'confirmation_required'],
  ])('%s: refused', async (_, given, reason) => {
    const token = typeof given === 'string' ? given : await signToken(given, privateJwk)
    expect((await told({ token })).refusal?.reason).toBe(reason)
  })

  it('that expired still says who called', async () => {
    const token = await signToken({ ...claims, exp: nowSeconds - 60 }, privateJwk)
    expect((await told({ token })).application?.found?.id).toBe('billing')
  })
})

describe('what an application signed itself', () => {
  const own = { identify: { by: ['jwtKey'] }, issuers: [], policy: { claim: false, default: ['reader'] } }
  const either = { identify: { by: ['jwtClaims', 'jwtKey'] } }
  const byItself = { id: 'robot', by: ['its own token (applications.robot.tokens)'] }
  const robot = { iss: 'robot', sub: 'robot', aud: 'robot', exp: nowSeconds + 60 }

  it.each<[string, Asked, object, readonly string[]]>([
    ['named by iss', { claims: { iss: 'robot' } }, either, ['sub', 'aud', 'iat', 'exp']],
    ['named by --issuer', { claims: {}, issuerId: 'application:robot' }, either, ['iss', 'sub', 'aud', 'iat', 'exp']],
    ['the only one', { claims: { aud: 'robot' } }, own, ['iss', 'sub', 'iat', 'exp']],
  ])('says who is calling: %s', async (_, asked, access, assumed) => {
    expect(await told({ ...asked, request: get }, { access })).toMatchObject({
      caller: { by: 'claims', application: 'robot', selfAsserted: { ignored: [], believed: [] }, assumed },
      application: { asked: true, found: byItself },
      closest: [],
      policies: { granted: [{ id: 'reader', from: ['subscription'] }] },
      allowed: true,
    })
  })

  it('as a token too, signature unseen', async () => {
    const token = await signToken(robot, robotJwk)
    for (const one of [token, `${token.slice(0, -8)}AAAAAAAA`]) {
      expect(await told({ token: one, request: get }, { access: either })).toMatchObject({
        caller: { by: 'token', application: 'robot' },
        application: { found: byItself },
        allowed: true,
      })
    }
    expect((await told({ token })).refusal?.reason).toBe('issuer_untrusted')
  })

  const boast = { iss: 'robot', azp: 'billing', pol: 'writer', scope: 'audit', 'a\u001b[2J': 1, jti: 'x' }

  it('counts for nothing else, and that is said', async () => {
    const access = { ...either, scopes: { claim: 'scope', policies: { audit: ['writer'] } } }
    const { caller, application, closest, policies, refusal } = await told({ claims: boast, request: post }, { access })
    expect(caller.selfAsserted).toEqual({ ignored: ['azp', 'pol', 'scope', 'a\\u001b[2J'], believed: [] })
    expect({ found: application?.found?.id, closest }).toEqual({ found: 'robot', closest: [] })
    expect(policies?.granted).toMatchObject([{ id: 'reader', from: ['subscription'] }])
    expect(refusal?.reason).toBe('access_denied')
  })

  it('or for what the API lists', async () => {
    const claims = { ...boast, realm: { roles: ['a'] } }
    const access = { ...either, trustSelfAsserted: ['pol', 'realm.roles', 'level'] }
    const { caller, policies, allowed } = await told({ claims, request: post }, { access })
    expect(caller.selfAsserted).toMatchObject({ ignored: ['azp', 'scope', expect.any(String)] })
    expect(caller.selfAsserted?.believed).toEqual(['pol', 'realm.roles'])
    expect(policies?.granted).toMatchObject([{ id: 'writer', from: ['claim pol'] }])
    expect(allowed).toBe(true)
  })

  it('sub is one of those where nobody looks at it', async () => {
    const ask = (variant: Variant) => told({ claims: { iss: 'robot', sub: 'alice' } }, { access: own, ...variant })
    expect(await ask({})).toMatchObject({ caller: { selfAsserted: { ignored: [] } }, allowed: false })
    const tokens = { keys: [{ name: 'own', jwks: { keys: [robotPublicJwk] } }], subject: false }
    expect(await ask({ robot: { tokens } })).toMatchObject({
      caller: { selfAsserted: { ignored: ['sub'] } },
      allowed: true,
    })
  })

  it.each<[string, object, Variant, string, string | undefined]>([
    ['another subject', { sub: 'shop' }, {}, 'claim_mismatch', 'robot'],
    ['another audience', { aud: 'orders' }, {}, 'audience_mismatch', 'robot'],
    ['an end long ago', { exp: 1 }, {}, 'token_expired', 'robot'],
    ['another iss', { iss: 'shop' }, {}, 'issuer_untrusted', 'robot'],
    ['a suspended one', {}, { robot: { status: 'suspended' } }, 'application_inactive', 'robot'],
    ['one that did not subscribe', {}, { robot: { subscriptions: [] } }, 'not_subscribed', 'robot'],
    [
      'a scope of its own',
      { scope: 'x' },
      { access: { ...either, require: { scopes: { any: ['x'] } } } },
      'scope_missing',
      'robot',
    ],
    [
      'a claim of its own',
      { level: 3 },
      { access: { ...either, require: { claims: ['level'] } } },
      'claim_missing',
      'robot',
    ],
  ])('%s: refused', async (_, claims, variant, reason, found) => {
    const asked = { claims, issuerId: 'application:robot' }
    const { application, refusal } = await told(asked, { access: either, ...variant })
    expect({ reason: refusal?.reason, found: application?.found?.id }).toEqual({ reason, found })
  })

  it('beside an API key of another', async () => {
    const access = { identify: { by: ['jwtKey', 'apiKey'] } }
    const asked = { claims: { iss: 'robot' }, apiKey: shopKey }
    expect((await told(asked, { access })).refusal?.reason).toBe('application_ambiguous')
  })

  it('beside an issuer, claims without iss are the issuer’s', async () => {
    expect((await told({ claims: { azp: 'billing' } }, { access: either })).caller.issuer).toBe('acme')
  })

  it.each<[string, Partial<SimulatedQuestion>, object, string]>([
    ['an application without keys', { issuerId: 'application:shop' }, either, 'no application "shop" with keys'],
    [
      'where none signs',
      { issuerId: 'application:robot' },
      {},
      'trusts no issuer "application:robot"; it trusts: acme',
    ],
    ['an iss of nobody', { claims: '{"iss":"robbot"}' }, either, 'one of: acme, application:ID'],
    ['an iss of nobody, no issuer', { claims: '{"iss":"robbot"}' }, own, 'one of: application:ID'],
  ])('no answer: %s', async (_, question, access, words) => {
    expect(await failure({ claims: '{}', ...question }, dataDir, { access })).toContain(words)
  })
})

describe('what claims leave out is taken as a fresh token has it', () => {
  it('within the longest lifetime', async () => {
    const short = {
      acme: { issuer: iss, keys: { jwks: { keys: [publicJwk] } }, audiences: ['orders'], maxLifetime: '1m' },
    }
    expect((await told({ claims: { azp: 'billing' } }, { issuers: short })).allowed).toBe(true)
    const old = { azp: 'billing', iat: nowSeconds - 3600 }
    expect((await told({ claims: old }, { issuers: short })).refusal?.reason).toBe('token_expired')
  })

  it('for every audience asked for', async () => {
    const access = { require: { audiences: ['a', 'b'] } }
    expect((await told({ claims: { azp: 'billing' }, request: get }, { access })).allowed).toBe(true)
  })

  it('and nothing replaces what they say', async () => {
    const { caller, refusal } = await told({ claims: { azp: 'billing', iss: 'https://elsewhere.example', exp: null } })
    expect(caller.assumed).toEqual(['aud', 'iat'])
    expect(refusal?.reason).toBe('claim_invalid')
  })
})

describe('questions without an answer', () => {
  const two = { beta: { issuer: 'https://beta.example', keys: { jwks: { keys: [] } }, audiences: ['orders'] } }
  const both = { issuers: { beta: { ...two.beta, keys: { discovery: true } } }, access: { issuers: ['acme', 'beta'] } }

  it.each<[string, Partial<SimulatedQuestion>, string]>([
    ['an API that is not there', { apiId: 'order', claims: '{}' }, 'did you mean `orders`?'],
    ['a public one', { apiId: 'open', claims: '{}' }, 'API open is public'],
    ['nobody', {}, 'say who calls'],
    ['claims and a token', { claims: '{}', token: 'x' }, 'not both'],
    ['an issuer for a token', { token: 'x', issuerId: 'acme' }, '--issuer goes with --claims'],
    ['an unknown issuer', { claims: '{}', issuerId: 'acne' }, 'trusts no issuer "acne"; it trusts: acme'],
    ['no object', { claims: '["a"]' }, 'no object'],
    ['a member twice', { claims: '{"a":1,"a":2}' }, 'one member twice'],
    ['no JSON', { claims: 'azp=shop' }, 'not JSON'],
    ['a key nobody looks at', { claims: '{}', apiKey: 'k' }, 'looks at no API key'],
    ['a path of another API', { claims: '{}', request: { ...get, target: '/open/1' } }, "it is API open's"],
    ['a path of none', { claims: '{}', request: { ...get, target: '/else' } }, 'no API listens there'],
    ['a path nobody reads alike', { claims: '{}', request: { ...get, target: '/orders/../x' } }, 'bad_path'],
  ])('%s', async (_, question, words) => {
    expect(await failure(question)).toContain(words)
  })

  it('claims of any of several issuers', async () => {
    expect(await failure({ claims: '{}' }, dataDir, both)).toMatch(/no iss; .*--issuer, one of: acme, beta/)
    const loaded = await load(both)
    const ask = (question: Partial<SimulatedQuestion>) => {
      const result = simulate({ apiId: 'orders', ...question }, loaded, { dataDir, nowMs, file })
      return result.ok ? result.value.caller.issuer : result.error
    }
    expect(ask({ claims: '{}', issuerId: 'beta' })).toBe('beta')
    expect(ask({ claims: JSON.stringify({ iss: 'https://beta.example' }) })).toBe('beta')
  })

  it('an API key without the installation’s master key, a token where nobody looks at one', async () => {
    const variant = { access: keyAlone }
    expect(await failure({ apiKey: shopKey }, '/nowhere', variant)).toContain('--data')
    expect(await failure({ claims: '{}' }, dataDir, variant)).toContain('looks at no token')
  })
})

describe('the verdict', () => {
  const text = (...values: readonly string[]) => fc.constantFrom(...values)
  /** What would hide most else is rare. */
  const mostly = <T>(usual: readonly T[], ...rare: readonly T[]) =>
    fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) })
  const claims = fc.record(
    {
      azp: text('billing', 'shop', 'shop-batch', 'stranger', 'nobody'),
      tenant: fc.constantFrom<unknown>('north', 'south', 7),
      pol: mostly<unknown>(['reader', 'clerk', 'past', ['clerk', 'past'], '', []], 'ghost', 7),
      scope: mostly<unknown>(['audit', 'admin orders.write', ['audit'], 'openid'], 7),
      level: mostly<unknown>([3], 1, '3'),
      cnf: mostly<unknown>([undefined], { jkt: 'x' }),
    },
    { requiredKeys: [] },
  )
  const times = fc.record({
    aud: mostly<unknown>(['orders', ['x', 'orders']], 'bills'),
    exp: mostly([nowSeconds + 60], nowSeconds - 3600),
    iat: fc.constantFrom(nowSeconds, nowSeconds - 900),
  })
  const scopes = { claim: 'scope', policies: { 'orders.write': 'writer', audit: ['reader', 'clerk'] } }
  const identify = fc.constantFrom<object | undefined>(
    undefined,
    ...['strict', 'open', 'relax'].map((lookup) => ({ by: ['jwtClaims'], lookup })),
    { by: ['apiKey'] },
    { by: ['jwtClaims', 'apiKey'] },
    { by: ['jwtClaims', 'apiKey'], connector: 'and' },
    { by: ['jwtKey'] },
    { by: ['jwtKey'], lookup: 'relax' },
    { by: ['jwtClaims', 'jwtKey'] },
    { by: ['jwtKey', 'apiKey'] },
    { by: ['jwtClaims', 'jwtKey', 'apiKey'], connector: 'and', lookup: 'open' },
  )
  const access = fc.record({
    identify,
    policy: fc.constantFrom<object | undefined>(
      undefined,
      {},
      { default: ['reader'] },
      { claim: false, default: ['clerk'] },
      { default: ['reader', 'clerk'], merge: 'strict' },
    ),
    scopes: fc.constantFrom<object | undefined>(undefined, { ...scopes }, { ...scopes, defaults: 'drop' }),
    require: fc.constantFrom<object | undefined>(undefined, { claims: [{ path: 'level', min: 2 }] }),
  })
  const routes = [
    { path: '/admin', require: { scopes: { any: ['admin'] } } },
    { path: '/ping', access: 'public', override: true },
  ]
  const request = fc.record({
    method: mostly(['GET', 'POST'], 'TRICK'),
    target: mostly(['/orders/7', '/orders/v1/x', '/orders/v2', '/orders/admin'], '/orders/ping', '/orders/a;b'),
  })
  const status = text('active', 'active', 'suspended')
  /** Of an application's own token; undefined: an issuer made it. */
  const robot = fc.option(
    fc.record({
      sub: mostly<unknown>(['robot'], 'shop'),
      aud: mostly<unknown>(['robot', ['x', 'robot']], 'orders'),
    }),
    { nil: undefined },
  )
  const trusted = fc.subarray(['pol', 'scope', 'level'])
  const key = fc.constantFrom<string | undefined>(undefined, shopKey, 'x'.repeat(20), `${shopKey.slice(0, -1)}!`)

  it('is what explain says of a signed token with these claims', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        claims,
        times,
        access,
        request,
        status,
        key,
        robot,
        trusted,
        async (said, standard, asked, sent, is, brought, signs, trustSelfAsserted) => {
          const ways = JSON.stringify(asked.identify ?? '')
          const takesOwn = ways.includes('jwtKey')
          const loaded = await load({
            access: takesOwn ? { ...asked, trustSelfAsserted } : asked,
            api: { routes },
            billing: { status: is },
            robot: { status: is },
          })
          const own = takesOwn ? signs : undefined
          const looksAtKeys = ways.includes('apiKey')
          const apiKey = looksAtKeys ? brought : undefined
          const all = { iss: own === undefined ? iss : 'robot', ...standard, ...own, ...said }
          const token = await signToken(all, own === undefined ? privateJwk : robotJwk)
          const keyHeader = apiKey === undefined ? [] : ['x-api-key', apiKey]
          const explained = async (...more: readonly string[]) => {
            const described = { ...sent, rawHeaders: ['Host', 'localhost', ...keyHeader, ...more], peer: '127.0.0.1' }
            return (await explainOffline(described, loaded, { dataDir, nowMs, file })).decision
          }
          const withToken = await explained('Authorization', `Bearer ${token}`)
          const withoutToken = await explained()
          for (const [shown, decision] of [
            [{ claims: JSON.stringify(all) }, withToken],
            [{ token }, withToken],
            ...(apiKey === undefined ? [] : [[{}, withoutToken] as const]),
          ] as const) {
            const result = simulate({ apiId: 'orders', ...shown, apiKey, request: sent }, loaded, {
              dataDir,
              nowMs,
              file,
            })
            if (!result.ok) throw new Error(result.error)
            const { allowed, refusal, application } = result.value
            expect({ allowed, reason: refusal?.reason, rule: refusal?.rule }).toEqual({
              allowed: decision.outcome === 'forwarded',
              reason: decision.reason,
              rule: decision.rule,
            })
            if (decision.application !== undefined) expect(application?.found?.id).toBe(decision.application)
          }
        },
      ),
      { numRuns: 400 },
    )
  })
})
