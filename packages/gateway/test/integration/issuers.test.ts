import { randomBytes } from 'node:crypto'
import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKey, type Jwk, signToken, type TokenHeader } from '@jotgate/signer'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { type Caller, createCaller } from './caller.ts'
import { cleanUp, runToEnd, startGateway } from './gateway-process.ts'
import { makeSigningKey, startProvider, type TestProvider } from './oidc-provider.ts'

const [orders, batch] = ['https://orders.test', 'https://batch.test']
/** A claim no configuration lists. */
const canary = 'canary-7f1d3c'
const tenants = { one: '11111111-1111-1111-1111-111111111111', two: '22222222-2222-2222-2222-222222222222' }
const issuerOf = (tenant: string): string => `https://login.example/${tenant}/v2.0`

interface Pair {
  readonly privateJwk: Jwk
  readonly publicJwk: Jwk
}

let upstream: AnnouncedUpstream
let provider: TestProvider
let jwksServer: Server
let caller: Caller
/** The static issuer's key, which goes by the same `kid` as the provider's, and the keys of the tenants. */
let keys: Readonly<Record<'static' | 'shared' | 'ofTwo' | 'first' | 'second' | 'clear', Pair>>

async function makePair(alg: 'RS256' | 'ES256', kid: string): Promise<Pair> {
  const made = await generateKey(alg)
  if (made.kind !== 'pair') throw new Error('not a pair')
  return { privateJwk: { ...made.privateJwk, kid }, publicJwk: { ...made.publicJwk, kid } }
}

beforeAll(async () => {
  const [first, second, clear] = await Promise.all(['twin', 'twin', 'clear'].map((kid) => makePair('ES256', kid)))
  const [shared, ofTwo, own] = await Promise.all(
    (['shared', 'of-two', 'rs-1'] as const).map((kid) => makePair('RS256', kid)),
  )
  if (!(first && second && clear && shared && ofTwo && own)) throw new Error('a key is missing')
  keys = { static: own, shared, ofTwo, first, second, clear }
  upstream = await startAnnouncedUpstream()
  provider = await startProvider([makeSigningKey('rs-1', 'RS256')])
  jwksServer = createServer((_request, response) => {
    response.end(JSON.stringify({ keys: [first, second, clear].map(({ publicJwk }) => publicJwk) }))
  })
  await new Promise<void>((resolve) => jwksServer.listen(0, '127.0.0.1', resolve))
  caller = createCaller(await startGateway({ config: config() }), upstream)
})
afterEach(() => expect(upstream.unexpected()).toEqual([]))
afterAll(async () => {
  await cleanUp()
  jwksServer.close()
  jwksServer.closeAllConnections()
  await Promise.all([provider.close(), upstream.close()])
})

function config(): object {
  const api = (path: string, ...issuers: string[]): object => ({
    listen: { path },
    upstream: { targets: [upstream.url] },
    access: { issuers },
  })
  const tenantKeys = [
    { ...keys.shared.publicJwk, issuer: issuerOf('{tenantid}') },
    { ...keys.ofTwo.publicJwk, issuer: issuerOf(tenants.two) },
  ]
  return {
    version: 1,
    issuers: {
      provider: {
        issuer: provider.issuer,
        keys: { discovery: true },
        audiences: [orders],
        allowInsecureHttp: true,
      },
      static: {
        issuer: 'https://batch.example',
        keys: { publicKey: { key: JSON.stringify(keys.static.publicJwk), kid: 'rs-1' } },
        audiences: [batch],
        algorithms: ['RS256'],
      },
      tenants: {
        issuer: issuerOf('{tenant}'),
        tenants: [tenants.one, tenants.two],
        keys: { jwks: { keys: tenantKeys } },
        audiences: [orders],
      },
      twins: {
        issuer: 'https://twins.example',
        keys: { jwksUri: `http://127.0.0.1:${(jwksServer.address() as AddressInfo).port}/jwks` },
        audiences: [orders],
        allowInsecureHttp: true,
      },
    },
    apis: {
      both: api('/both', 'provider', 'static'),
      tenants: api('/tenants', 'tenants'),
      twins: api('/twins', 'twins'),
    },
  }
}

/** Signed now, for a minute; `claims` and `header` replace what is usual. */
function sign({ privateJwk }: Pair, claims: object, header: TokenHeader = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return signToken(
    { sub: 'somebody', shoe: canary, aud: orders, iat: now, exp: now + 60, ...claims },
    privateJwk,
    header,
  )
}

async function outcome(path: string, token: string): Promise<readonly [number, string | undefined]> {
  const { status, reason } = await caller.refused(path, token)
  return [status, reason]
}

describe('two issuers on one API', () => {
  const iss = 'https://batch.example'

  it('tokens of both are let through, though their keys go by one kid', async () => {
    expect((await caller.send('/both', await provider.accessToken(orders))).status).toBe(200)
    expect((await caller.send('/both', await sign(keys.static, { iss, aud: batch }))).status).toBe(200)
  })

  it("each is bound to its own key, audiences and algorithms, never to the other's", async () => {
    const { static: own } = keys
    expect(await outcome('/both', await sign(own, { iss: provider.issuer }))).toEqual([401, 'signature_invalid'])
    expect(await outcome('/both', await sign(own, { iss, aud: orders }))).toEqual([401, 'audience_mismatch'])
    const es256 = await sign(keys.clear, { iss, aud: batch }, { kid: 'rs-1' })
    expect(await outcome('/both', es256)).toEqual([401, 'alg_not_allowed'])
  })

  it('an `iss` nobody here stands for is refused, whatever key signed', async () => {
    for (const other of ['https://batch.example/', 'https://BATCH.example', 'https://elsewhere.example', undefined]) {
      const token = await sign(keys.static, { iss: other, aud: batch })
      expect([other, ...(await outcome('/both', token))]).toEqual([other, 401, 'issuer_untrusted'])
    }
  })
})

describe('S3 one issuer of many tenants', () => {
  const token = (pair: Pair, tenant: string, tid: string | undefined = tenant): Promise<string> =>
    sign(pair, { iss: issuerOf(tenant), tid })

  it('a shared key signs for every listed tenant', async () => {
    for (const tenant of Object.values(tenants)) {
      expect((await caller.send('/tenants', await token(keys.shared, tenant))).status).toBe(200)
    }
  })

  it('a key of one tenant signs for that tenant alone', async () => {
    expect((await caller.send('/tenants', await token(keys.ofTwo, tenants.two))).status).toBe(200)
    expect(await outcome('/tenants', await token(keys.ofTwo, tenants.one))).toEqual([401, 'issuer_untrusted'])
  })

  it('a tenant claim that names another tenant is refused', async () => {
    expect(await outcome('/tenants', await token(keys.shared, tenants.one, tenants.two))).toEqual([
      401,
      'issuer_untrusted',
    ])
  })

  it.each([
    ['not listed', '33333333-3333-3333-3333-333333333333'],
    ['of two segments', `${tenants.one}/x`],
    ['empty', ''],
    ['a dot segment', '..'],
    ['the name of the pattern', '{tenant}'],
  ])('a tenant that is %s is refused', async (_case, tenant) => {
    expect(await outcome('/tenants', await token(keys.shared, tenant))).toEqual([401, 'issuer_untrusted'])
  })
})

describe('S4 what belongs to two is nobody’s', () => {
  it('two usable keys of one type under one kid: both are reported, neither verifies, the rest does', async () => {
    const iss = 'https://twins.example'
    expect((await caller.send('/twins', await sign(keys.clear, { iss }))).status).toBe(200)
    for (const twin of [keys.first, keys.second]) {
      expect(await outcome('/twins', await sign(twin, { iss }))).toEqual([401, 'key_unknown'])
    }
    const { issuers } = JSON.parse((await caller.admin('GET', '/keys')).body)
    const { problems } = issuers.find(({ issuerId }: { issuerId: string }) => issuerId === 'twins')
    expect(problems.filter((problem: string) => problem.includes('share a kid'))).toHaveLength(2)
  })

  it.each([
    ['the same `iss` twice', 'https://a.example', { issuer: 'https://a.example' }],
    [
      'a pattern that takes the other’s `iss`',
      'https://a.example/x',
      { issuer: 'https://a.example/{t}', anyTenant: true },
    ],
  ])('%s on one API: the configuration is refused', async (_case, issuer, other) => {
    const terms = { keys: { jwks: { keys: [keys.shared.publicJwk] } }, audiences: [orders] }
    const { code, output } = await runToEnd({
      config: {
        version: 1,
        issuers: { one: { ...terms, issuer }, two: { ...terms, ...other } },
        apis: { a: { upstream: { targets: [upstream.url] }, access: { issuers: ['one', 'two'] } } },
      },
    })
    expect(code).toBe(1)
    expect(output).toContain('issuer_overlap')
  })
})

describe('S7 a storm of unknown kids', () => {
  const storm = 10_000
  const lanes = 64

  it('costs the provider a handful of fetches, good tokens nothing, and the metrics no series', {
    timeout: 60_000,
  }, async () => {
    const agent = new Agent({ keepAlive: true })
    const good = await provider.accessToken(orders)
    await caller.warm('/both', good)
    const series = async (): Promise<number> => (await caller.admin('GET', '/metrics')).body.split('\n').length
    const [seriesBefore, fetchesBefore] = [await series(), provider.requests('/jwks')]

    const exp = Math.floor(Date.now() / 1000) + 600
    const payload = encode({ iss: provider.issuer, aud: orders, sub: 's', exp })
    const statuses = new Map<number, number>()
    let [sent, done] = [0, false]
    const lane = async (): Promise<void> => {
      while (sent < storm) {
        sent += 1
        const kid = randomBytes(9).toString('base64url')
        const token = `${encode({ alg: 'RS256', kid })}.${payload}.${randomBytes(256).toString('base64url')}`
        const { status } = await caller.send('/both', token, agent)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    const goodLane = async (): Promise<number[]> => {
      const failed: number[] = []
      while (!done) {
        const { status } = await caller.send('/both', good)
        if (status !== 200) failed.push(status)
      }
      return failed
    }
    const watching = [goodLane(), goodLane()]
    await Promise.all(Array.from({ length: lanes }, lane))
    done = true
    expect((await Promise.all(watching)).flat()).toEqual([])
    agent.destroy()

    expect(Object.fromEntries(statuses)).toEqual({ 401: storm })
    // A bucket of 4, which regains one in 30 s.
    expect(provider.requests('/jwks') - fetchesBefore).toBeLessThanOrEqual(6)
    expect(await series()).toBe(seriesBefore)
  })
})

describe('what is left of a token', () => {
  it('is nothing, nor of a claim that no configuration lists', async () => {
    expect(await caller.leaks(canary)).toEqual([])
  })
})

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
