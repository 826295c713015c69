import { Agent } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { type Caller, createCaller } from './caller.ts'
import { cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'
import { client, makeSigningKey, startProvider, type TestProvider } from './oidc-provider.ts'

const path = '/introspection' as const
const introspections = '/token/introspection'
const opaque = 'https://opaque.test'

let upstream: AnnouncedUpstream
let provider: TestProvider
let gateway: GatewayProcess
let caller: Caller

beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
  provider = await startProvider([makeSigningKey('rs-1', 'RS256')])
  gateway = await startGateway({ config: introspecting(), env: { JOTGATE_CLIENT_SECRET: client.secret } })
  caller = createCaller(gateway, upstream)
})
beforeEach(() => provider.recover())
afterEach(() => expect(upstream.unexpected()).toEqual([]))
afterAll(async () => {
  await cleanUp()
  await Promise.all([provider.close(), upstream.close()])
})

/** Two APIs that differ in how long an answer is used again. */
function introspecting(): object {
  const issuer = (cache: string): object => ({
    issuer: provider.issuer,
    introspection: {
      endpoint: provider.issuer + introspections,
      clientId: client.id,
      clientSecret: '${env:JOTGATE_CLIENT_SECRET}',
      timeout: '500ms',
      cache,
      negativeCache: '1s',
    },
    audiences: ['https://orders.test'],
    clockSkew: { exp: '0s' },
    allowInsecureHttp: true,
  })
  const api = (at: string, id: string): object => ({
    listen: { path: at },
    upstream: { targets: [upstream.url] },
    access: { issuers: [id] },
  })
  return {
    version: 1,
    issuers: {
      long: issuer('1m'),
      short: issuer('1s'),
      both: { ...issuer('1m'), keys: { discovery: true } },
    },
    apis: { long: api(path, 'long'), short: api('/short-cache', 'short'), both: api('/both', 'both') },
  }
}

describe('opaque tokens of a provider that is asked about them', () => {
  it('an active token is let through, and the provider is asked once for all workers', async () => {
    const token = await provider.accessToken(opaque)
    const before = provider.requests(introspections)
    await caller.warm(path, token)
    expect(provider.requests(introspections) - before).toBe(1)
  })

  it('a token the provider never issued is refused', async () => {
    const refused = await caller.refused(path, 'x'.repeat(43))
    expect([refused.status, refused.reason]).toEqual([401, 'token_inactive'])
  })

  it('a token for another audience is refused, though active', async () => {
    const refused = await caller.refused(path, await provider.accessToken('https://opaque.test/elsewhere'))
    expect([refused.status, refused.reason]).toEqual([401, 'audience_mismatch'])
  })

  it('on an API that trusts by key too, signed tokens are verified and only the others asked about', async () => {
    const before = provider.requests(introspections)
    expect((await caller.send('/both', await provider.accessToken('https://orders.test'))).status).toBe(200)
    expect(provider.requests(introspections)).toBe(before)
    expect((await caller.send('/both', await provider.accessToken(opaque))).status).toBe(200)
    expect(provider.requests(introspections)).toBe(before + 1)
  })

  it('a revoked token is refused within the cache time', async () => {
    const token = await provider.accessToken(opaque)
    await caller.warm('/short-cache', token)
    await provider.revoke(token)
    const revokedMs = Date.now()
    const refused = await until(async () => {
      const answer = await caller.send('/short-cache', token)
      return answer.status !== 200 && answer
    })
    expect(refused.status).toBe(401)
    // The cache holds 1 s in control, and a worker that asked control last held it no longer than that.
    expect(Date.now() - revokedMs).toBeLessThan(2000)
    expect((await caller.refused('/short-cache', token)).reason).toBe('token_inactive')
  })

  it('a token is refused once it has expired, however long the cache holds', async () => {
    const token = await provider.accessToken('https://opaque.test/short')
    const issuedMs = Date.now()
    await caller.warm(path, token)
    const refused = await until(async () => {
      const answer = await caller.send(path, token)
      return answer.status !== 200 && answer
    })
    expect(refused.status).toBe(401)
    expect(Date.now() - issuedMs).toBeLessThan(5000)
  })
})

describe('while nobody can be asked', () => {
  it.each(['stopped', 'hung', 'html'] as const)('%s provider: known tokens pass, others are 503', async (fault) => {
    const [known, unknown] = [await provider.accessToken(opaque), await provider.accessToken(opaque)]
    await caller.warm(path, known)
    await provider.fail(fault)
    const refused = await caller.refused(path, unknown)
    expect([refused.status, refused.reason]).toEqual([503, 'introspection_unavailable'])
    expect(JSON.parse(refused.body).code).toBe('introspection_unavailable')
    await caller.warm(path, known)
    await provider.recover()
    await until(async () => (await caller.send(path, unknown)).status === 200, 10_000)
  })

  it('control stopped: known tokens pass on every worker, others are 503, and all pass when it goes on', async () => {
    const [known, unknown] = [await provider.accessToken(opaque), await provider.accessToken(opaque)]
    await caller.warm(path, known)
    const { pid } = await gateway.status()
    process.kill(pid, 'SIGSTOP')
    try {
      const refused = await caller.send(path, unknown)
      expect(refused.status).toBe(503)
      expect(JSON.parse(refused.body).code).toBe('introspection_unavailable')
      await caller.warm(path, known)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await until(async () => (await caller.send(path, unknown)).status === 200, 10_000)
  })
})

describe('S8 an address that sends tokens nobody knows', () => {
  it('is cut off, while others are asked about and its known tokens pass', async () => {
    const [known, fresh] = [await provider.accessToken(opaque), await provider.accessToken(opaque)]
    await caller.warm(path, known)
    const agent = new Agent({ localAddress: '127.0.0.9' })
    const before = provider.requests(introspections)
    const statuses: number[] = []
    // The provider answers in this process too: more lanes would keep it from doing so.
    const lanes = Array.from({ length: 60 }, async (_, lane) => {
      for (let turn = 0; turn < 10; turn += 1) {
        statuses.push((await caller.send(path, `${'x'.repeat(40)}${lane}-${turn}`, agent)).status)
      }
    })
    expect((await caller.send(path, fresh)).status).toBe(200)
    await Promise.all(lanes)
    expect(statuses).toContain(429)
    expect(statuses).not.toContain(200)
    // 50 a second and what was being asked then, in the seconds that 600 connections take.
    expect(provider.requests(introspections) - before).toBeLessThan(300)
    expect((await caller.send(path, known, agent)).status).toBe(200)
    agent.destroy()
  })
})

describe('what is left of an opaque token or the client secret', () => {
  it('is nothing: not in answers, log, metrics, data directory, command lines or workers', async () => {
    const basic = Buffer.from([client.id, client.secret].map(encodeURIComponent).join(':')).toString('base64')
    expect(await caller.leaks(client.secret, encodeURIComponent(client.secret), basic)).toEqual([])
    // The search finds what is there: the client's id is no secret.
    expect(await caller.leaks(client.id)).toContain('/config')
  })
})
