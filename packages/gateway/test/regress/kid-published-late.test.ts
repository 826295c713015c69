import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { err, ok } from '../../src/domain/result.ts'
import { createJwksClient, type JwksClient } from '../../src/keys/jwks/jwks-client.ts'
import { createRemoteKeySets, type RemoteKeySets } from '../../src/keys/jwks/remote-key-sets.ts'
import { strictQuality } from '../support/strict-quality.ts'

const makeKey = (kid: string): object => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...publicKey.export({ format: 'jwk' }), kid }
}
const [first, second] = [makeKey('first'), makeKey('second')]

let listed: readonly object[] | undefined
let nowMs: number
let client: JwksClient
let workers: readonly RemoteKeySets[]

/** A provider that lists `listed`, or is down; control's client; two workers. Every timer but the clock stands still. */
beforeEach(async () => {
  nowMs = 1_800_000_000_000
  listed = [first]
  client = createJwksClient({
    fetch: async () =>
      listed === undefined
        ? err({ code: 'connect_failed', detail: 'ECONNREFUSED' })
        : ok({ status: 200, headers: {}, body: Buffer.from(JSON.stringify({ keys: listed })) }),
    store: { load: () => undefined, save: () => true },
    nowMs: () => nowMs,
    random: () => 0,
    setTimer: () => () => undefined,
    log: () => undefined,
    onKeySet: (set) => {
      for (const worker of workers) worker.put(set)
    },
  })
  const requestRefetch = (issuerId: string): Promise<number | undefined> => client.refetch(issuerId)
  const startTimer = (): (() => void) => () => undefined
  workers = [1, 2].map(() => createRemoteKeySets({ requestRefetch, nowMs: () => nowMs, startTimer }))
})

function configure(maxStaleMs: number): Promise<unknown> {
  const place = { jwksUris: ['https://idp.example/jwks'], discovery: undefined, allowInsecureHttp: false }
  const times = { ttlMs: 600_000, cooldownMs: 30_000, maxStaleMs, timeoutMs: 5_000 }
  client.configure([{ issuerId: 'idp', ...place, ...times, allowPrivate: [], quality: strictQuality() }])
  return client.refresh('idp')
}

/** What a request with a token of this kid finds, after the wait that it is granted. */
async function finds(worker: RemoteKeySets | undefined, kid: string): Promise<boolean> {
  const knows = (): boolean => {
    const held = worker?.get('idp')
    return held !== undefined && held.set.status !== 'unavailable' && held.index.knows(kid)
  }
  if (!knows()) await worker?.refetch('idp', kid)
  return knows()
}

describe('a token whose kid nobody knew a moment ago', () => {
  it('passes at once on every worker when the provider has published its key meanwhile', async () => {
    await configure(60_000)
    for (const worker of workers) expect(await finds(worker, 'second')).toBe(false)
    listed = [first, second]
    for (const worker of workers) expect(await finds(worker, 'second')).toBe(true)
  })

  it('passes at once when the provider answers again after its keys had run out', async () => {
    listed = undefined
    await configure(0)
    for (const worker of workers) expect(await finds(worker, 'first')).toBe(false)
    listed = [first]
    for (const worker of workers) expect(await finds(worker, 'first')).toBe(true)
  })

  it('is not asked about again while control would not fetch', async () => {
    await configure(60_000)
    const [worker] = workers
    for (let count = 0; count < 4; count++) await finds(worker, 'second')
    listed = [first, second]
    expect(await finds(worker, 'second')).toBe(false)
    nowMs += 5_000
    expect(await finds(worker, 'second')).toBe(false)
    nowMs += 25_000
    expect(await finds(worker, 'second')).toBe(true)
  })
})
