import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCarelessProxy } from '../support/careless-proxy.ts'
import { callCrossing } from '../support/cross-talk-caller.ts'
import { type CrossTalkUpstream, patienceMs, startCrossTalkUpstream } from '../support/cross-talk-upstream.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway } from './gateway-process.ts'

const isLong = process.env.JOTGATE_LONG !== undefined
const requests = isLong ? 100_000 : 10_000
/** `JOTGATE_SEED=…` sends the same requests again; what meets what is the machine's affair. */
const seed = Number(process.env.JOTGATE_SEED ?? (isLong ? Date.now() % 2 ** 31 : 20_261))

const iss = 'https://id.test'
const aud = 'https://api.test'
const secret = 'c0b9e2f4-a secret of these tests alone, long enough'

/** Least share of all requests that end so: `left` by the caller, `broken off` by the upstream. */
const shareMin = { '200': 0.6, '401': 0.01, '502': 0.02, '504': 0.005, left: 0.01, 'broken off': 0.01 }

let upstreams: readonly CrossTalkUpstream[]
let gateway: GatewayProcess

beforeAll(async () => {
  upstreams = [await startCrossTalkUpstream(), await startCrossTalkUpstream()]
  const folder = makeFolder()
  writeFileSync(join(folder, 'secret.txt'), secret, { mode: 0o600 })
  const upstream = {
    targets: upstreams.map(({ url }) => url),
    responseTimeout: `${patienceMs}ms`,
    // Few, so that every connection serves many callers.
    connectionsMax: 12,
    health: { failures: 1000 },
  }
  gateway = await startGateway({
    folder,
    workers: 3,
    config: {
      version: 1,
      // All callers have one address, and every 30th sends a bad token: the faster they are served, the sooner it is used up.
      gateway: { verificationBudget: { perAddress: 0 } },
      issuers: {
        main: { issuer: iss, audiences: [aud], algorithms: ['HS256'], keys: { sharedSecret: '${file:secret.txt}' } },
      },
      apis: {
        open: { listen: { path: '/open' }, upstream, access: 'public' },
        closed: {
          listen: { path: '/closed' },
          upstream,
          access: { issuers: ['main'] },
          forward: { claims: { 'X-User': 'sub' } },
        },
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  await Promise.all(upstreams.map((upstream) => upstream.close()))
})

describe('S14 identities never cross', () => {
  it(`each of ${requests} answers carries its own nonce, each request its own identity, whatever breaks (seed ${seed})`, {
    timeout: isLong ? 900_000 : 120_000,
  }, async () => {
    const random = seededRandom(seed)
    const { counts, confused } = await callCrossing({
      port: gateway.port,
      requests,
      lanes: 48,
      random,
      secret,
      iss,
      aud,
    })
    expect(confused).toEqual([])
    expect(upstreams.flatMap((upstream) => upstream.confused)).toEqual([])
    expect(upstreams.flatMap((upstream) => upstream.faults)).toEqual([])
    // Enough of everything to have had a chance to go wrong.
    for (const [outcome, share] of Object.entries(shareMin)) {
      expect(counts.get(outcome) ?? 0, `${outcome} of ${JSON.stringify([...counts])}`).toBeGreaterThan(requests * share)
    }
    expect(upstreams.reduce((sum, { retried }) => sum + retried(), 0)).toBeGreaterThan(0)
    expect((await gateway.status()).workers).toHaveLength(3)
  })

  it('the same requests through a proxy that uses connections carelessly are found out', async () => {
    const upstream = await startCrossTalkUpstream()
    const proxy = await startCarelessProxy(upstream.port, patienceMs)
    const random = seededRandom(seed)
    const { confused } = await callCrossing({
      ...{ port: proxy.port, requests: 1_000, lanes: 48, answerWithinMs: 1_000, random, secret, iss, aud },
    })
    await proxy.close()
    await upstream.close()
    expect(confused.filter((line) => line.includes('got the answer of')).length).toBeGreaterThan(10)
    expect(confused.filter((line) => line.includes('nobody asked for')).length).toBeGreaterThan(10)
    expect(upstream.confused.length).toBeGreaterThan(0)
  })
})
