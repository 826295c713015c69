import { Agent } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { type Caller, createCaller, startPacedLoad } from './caller.ts'
import { cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'
import { makeSigningKey, startProvider, type TestProvider } from './oidc-provider.ts'

const keys = [makeSigningKey('rs-1', 'RS256'), makeSigningKey('es-1', 'ES256')]
const audience = 'https://orders.test'

let upstream: AnnouncedUpstream
let provider: TestProvider
let gateway: GatewayProcess
let caller: Caller

beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
  provider = await startProvider(keys)
  gateway = await startGateway({ config: discovering() })
  caller = createCaller(gateway, upstream)
})
beforeEach(() => provider.rotate(keys))
afterEach(() => expect(upstream.unexpected()).toEqual([]))
afterAll(async () => {
  await cleanUp()
  await Promise.all([provider.close(), upstream.close()])
})

function discovering(): object {
  return {
    version: 1,
    issuers: {
      provider: {
        issuer: provider.issuer,
        keys: { discovery: true },
        audiences: [audience],
        allowInsecureHttp: true,
        jwks: { cooldown: '100ms' },
      },
    },
    apis: {
      orders: { listen: { path: '/orders' }, upstream: { targets: [upstream.url] }, access: { issuers: ['provider'] } },
    },
  }
}

const kidOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')).kid

describe('an OpenID provider that is discovered', () => {
  it.each([
    ['RS256', 'https://orders.test', 'rs-1'],
    ['ES256', 'https://orders.test/es256', 'es-1'],
  ] as const)('its %s access tokens for this API are let through', async (_alg, resource, kid) => {
    const token = await provider.accessToken(resource)
    expect(kidOf(token)).toBe(kid)
    expect((await caller.send('/orders', token)).status).toBe(200)
  })

  it('its access token for another API is refused', async () => {
    const answer = await caller.refused('/orders', await provider.accessToken('https://elsewhere.test'))
    expect([answer.status, answer.reason]).toEqual([401, 'audience_mismatch'])
  })

  it('its ID token is refused as what it is', async () => {
    const answer = await caller.refused('/orders', await provider.idToken())
    expect([answer.status, answer.reason]).toEqual([401, 'token_kind'])
  })

  it('a request without a token is told where tokens come from', async () => {
    const answer = await caller.refused('/orders')
    expect([answer.status, answer.reason]).toEqual([401, 'token_missing'])
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
  })
})

describe('keys rotated under load', () => {
  it('no request is lost, with tokens of the old key or of the new one', { timeout: 40_000 }, async () => {
    const agent = new Agent({ keepAlive: true })
    let tokens = [await provider.accessToken('https://orders.test')]
    let turn = 0
    const load = startPacedLoad(100, () => {
      turn += 1
      return caller.send('/orders', tokens[turn % tokens.length], turn % 4 === 0 ? undefined : agent)
    })
    for (const kid of ['rs-2', 'rs-3', 'rs-4']) {
      const before = provider.requests('/jwks')
      const next = makeSigningKey(kid, 'RS256')
      // As a careful provider does: the new key signs, the old one stays published for the tokens that are out.
      provider.rotate([next, ...keys])
      const fresh = await provider.accessToken('https://orders.test')
      expect(kidOf(fresh)).toBe(kid)
      tokens = [...tokens.slice(0, 1), fresh]
      await until(() => provider.requests('/jwks') > before)
      const passed = turn
      await until(() => turn > passed + 100)
    }
    const { sent, failed } = await load.stop()
    agent.destroy()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(300)
  })

  it('a key the provider no longer lists stops working with the next fetch', async () => {
    const token = await provider.accessToken('https://orders.test')
    await caller.warm('/orders', token)
    provider.rotate([makeSigningKey('rs-9', 'RS256')])
    expect((await caller.admin('POST', '/keys/provider/refresh')).status).toBe(200)
    const answer = await caller.refused('/orders', token)
    expect([answer.status, answer.reason]).toEqual([401, 'key_unknown'])
  })
})

describe('S7 a refresh that returns the same keys', () => {
  it('makes no worker check a signature again', async () => {
    const token = await provider.accessToken('https://orders.test')
    await caller.warm('/orders', token)
    const checks = (): Promise<number> => caller.metric('jotgate_verifications_total')
    const [before, fetches] = [await checks(), provider.requests('/jwks')]
    expect((await caller.admin('POST', '/keys/provider/refresh')).status).toBe(200)
    expect(provider.requests('/jwks')).toBe(fetches + 1)
    for (let count = 0; count < 20; count += 1) expect((await caller.send('/orders', token)).status).toBe(200)
    expect(await checks()).toBe(before)
  })
})

describe('what is left of a token', () => {
  it('is nothing: not in answers, log, metrics, data directory or command lines', async () => {
    expect(await caller.leaks()).toEqual([])
  })
})
