import { generateKeyPairSync } from 'node:crypto'
import { setImmediate as settled } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { err, ok, type Result } from '../../domain/result.ts'
import type { FetchFault } from '../../outbound/fetch-fault.ts'
import type { FetchAnswer, FetchRequest } from '../../outbound/fetch-request.ts'
import type { KeySet } from '../key-set.ts'
import { createJwksClient, type JwksClient } from './jwks-client.ts'
import type { JwksClientPorts, KeySourceTerms } from './jwks-client-state.ts'
import type { KeyLogLine, StoredSource } from './jwks-store.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

const pool = Array.from({ length: 4 }, (_, index) => {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return { ...jwk, kid: `k${index}`, alg: 'ES256', use: 'sig' }
})

type Answer = Result<FetchAnswer, FetchFault>

function json(value: unknown, headers: Record<string, string> = {}, status = 200): Answer {
  return ok({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  })
}
const keys = (...indexes: number[]): Answer => json({ keys: indexes.map((index) => pool[index]) })
const down: Answer = err({ code: 'connect_failed', detail: 'ECONNREFUSED' })

const url = 'https://idp.example/jwks'
const quality = {
  algorithmBits: -1,
  allowWeakSecret: false,
  allowSampleKey: false,
  allowExpiredCertificate: false,
  allowSmallExponent: false,
  allowLargeRsa: false,
}

function terms(more: Partial<KeySourceTerms> = {}): KeySourceTerms {
  return {
    issuerId: 'idp',
    jwksUris: [url],
    discovery: undefined,
    ttlMs: 10 * minute,
    cooldownMs: 30 * second,
    maxStaleMs: 24 * hour,
    timeoutMs: 5 * second,
    allowInsecureHttp: false,
    allowPrivate: [],
    quality,
    ...more,
  }
}

interface World {
  readonly client: JwksClient
  readonly ports: JwksClientPorts
  /** Each request, in order. */
  readonly requests: FetchRequest[]
  readonly sets: KeySet[]
  readonly log: KeyLogLine[]
  readonly disk: Map<string, StoredSource>
  /** What the next fetches are answered; a promise keeps them waiting. */
  answer: (request: FetchRequest) => Answer | Promise<Answer>
  readonly last: () => KeySet
  readonly kids: () => readonly (string | undefined)[]
  readonly advance: (ms: number) => Promise<void>
  readonly timers: () => number
  readonly runningMax: () => number
}

function makeWorld(disk: Map<string, StoredSource> = new Map(), startMs = 1_800_000_000_000): World {
  let nowMs = startMs
  let running = 0
  let runningMax = 0
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>()
  const ports: JwksClientPorts = {
    nowMs: () => nowMs,
    random: () => 0.5,
    setTimer: (run, delayMs) => {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    fetch: async (request) => {
      world.requests.push(request)
      running += 1
      runningMax = Math.max(runningMax, running)
      const answer = await world.answer(request)
      running -= 1
      return answer
    },
    store: {
      load: (issuerId) => disk.get(issuerId),
      save: (stored) => {
        disk.set(stored.issuerId, JSON.parse(JSON.stringify(stored)))
        return true
      },
    },
    log: (line) => world.log.push(line),
    onKeySet: (set) => world.sets.push(set),
  }
  const world: World = {
    client: createJwksClient(ports),
    ports,
    requests: [],
    sets: [],
    log: [],
    disk,
    answer: () => keys(0),
    last: () => world.sets.at(-1) ?? expect.fail('no set was told'),
    kids: () => world.last().keys.map((key) => key.kid),
    advance: async (ms) => {
      const endMs = nowMs + ms
      await settled()
      for (;;) {
        const due = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        nowMs = Math.max(nowMs, due.atMs)
        timers.delete(due)
        due.run()
        await settled()
      }
      nowMs = endMs
    },
    timers: () => timers.size,
    runningMax: () => runningMax,
  }
  return world
}

async function startedWorld(more: Partial<KeySourceTerms> = {}, answer: Answer = keys(0)): Promise<World> {
  const world = makeWorld()
  world.answer = () => answer
  world.client.configure([terms(more)])
  await world.advance(0)
  return world
}

describe('S7: fetching in the background', () => {
  it('keys are fetched at start; before that the set is unavailable', async () => {
    const world = makeWorld()
    world.client.configure([terms()])
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
    await world.advance(0)
    expect(world.last()).toMatchObject({ issuerId: 'idp', status: 'fresh' })
    expect(world.kids()).toEqual(['k0'])
  })

  it('a set is fetched again before its time ends, by ttl or by Cache-Control', async () => {
    for (const [header, lifeMs] of [
      [undefined, 10 * minute],
      ['max-age=60', minute],
      ['public, max-age=7200', 2 * hour],
      ['no-cache, max-age=60', 10 * minute],
      ['max-age=0', 10 * minute],
    ] as const) {
      const headers: Record<string, string> = header === undefined ? {} : { 'cache-control': header }
      const world = await startedWorld({}, json({ keys: [pool[0]] }, headers))
      world.client.touch('idp')
      await world.advance(0.8 * lifeMs)
      expect(world.requests).toHaveLength(1)
      world.client.touch('idp')
      await world.advance(0.2 * lifeMs)
      expect(world.requests).toHaveLength(2)
    }
  })

  it('refetching the same keys, in any order, changes no generation and tells nobody', async () => {
    const world = await startedWorld({}, keys(0, 1))
    const told = world.sets.length
    world.answer = () => keys(1, 0)
    await world.client.refresh('idp')
    world.answer = () => keys(0, 1)
    await world.advance(20 * minute)
    expect(world.requests.length).toBeGreaterThan(3)
    expect(world.sets).toHaveLength(told)
  })

  it('an ETag is sent back, and 304 keeps the keys and renews their time', async () => {
    const world = await startedWorld({ maxStaleMs: 0 }, json({ keys: [pool[0]] }, { etag: '"v1"' }))
    const told = world.sets.length
    world.answer = () => json('', {}, 304)
    await world.advance(55 * minute)
    expect(world.requests.length).toBeGreaterThan(5)
    expect(world.requests.at(-1)?.headers).toMatchObject({ 'if-none-match': '"v1"' })
    expect(world.sets).toHaveLength(told)
    expect(world.client.status()[0]).toMatchObject({ status: 'fresh', failuresInRow: 0 })
  })

  it('a 304 that nobody asked for is a failure', async () => {
    const world = await startedWorld({}, json('', {}, 304))
    expect(world.client.status()[0]?.lastError?.message).toBe('https://idp.example/jwks answered with status 304')
  })

  it('at most 8 fetches run at once over all issuers, and all get their turn', async () => {
    const world = makeWorld()
    world.answer = () => new Promise((resolve) => setTimeout(() => resolve(keys(0)), 1))
    world.client.configure(Array.from({ length: 40 }, (_, index) => terms({ issuerId: `idp-${index}` })))
    await expect.poll(() => world.client.status().filter(({ status }) => status === 'fresh').length).toBe(40)
    expect(world.runningMax()).toBe(8)
  })

  it('a set unused for an hour is no longer refreshed, counts as expired, and the next request waits for a fetch', async () => {
    const world = await startedWorld()
    await world.advance(2 * hour)
    const rested = world.requests.length
    expect(rested).toBeLessThan(10)
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
    expect(world.client.status()[0]).toMatchObject({ idle: true, nextRefreshAtMs: undefined })
    await world.advance(24 * hour)
    expect(world.requests).toHaveLength(rested)

    let release = (): void => {}
    world.answer = () =>
      new Promise((resolve) => {
        release = () => resolve(keys(1))
      })
    const waiting = world.client.refetch('idp')
    await settled()
    expect(world.client.keySet('idp')).toMatchObject({ status: 'unavailable', keys: [] })
    release()
    await waiting
    expect(world.kids()).toEqual(['k1'])
    expect(world.client.status()[0]).toMatchObject({ idle: false, refetchesLeft: 4 })
  })

  it('a set in use is refreshed for ever', async () => {
    const world = await startedWorld()
    for (let passed = 0; passed < 5; passed += 0.5) {
      world.client.touch('idp')
      await world.advance(hour / 2)
    }
    expect(world.requests.length).toBeGreaterThan(14)
    expect(world.client.status()[0]).toMatchObject({ status: 'fresh', idle: false })
  })
})

describe('S7: a 200 with a valid set is authoritative', () => {
  it('a key it no longer lists stops working at once', async () => {
    const world = await startedWorld({}, keys(0, 1))
    const before = world.last().generation
    world.answer = () => keys(1)
    await world.client.refresh('idp')
    expect(world.kids()).toEqual(['k1'])
    expect(world.last().generation).toBe(before + 1)
  })

  it('an empty set empties the issuer, with an alarm, although older keys would be within maxStale', async () => {
    const world = await startedWorld()
    world.answer = () => keys()
    await world.client.refresh('idp')
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
    expect(world.log.at(-1)).toMatchObject({ level: 'error', message: `${url} lists no usable key` })
  })

  it.each<[string, Answer, RegExp]>([
    ['an error status', json({ keys: [] }, {}, 500), /answered with status 500/],
    [
      'a set with a shared secret',
      json({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }),
      /refused: the JWKS holds a shared secret/,
    ],
    ['JSON that is no JWKS', json({ error: 'x' }), /refused: this is no JWKS/],
    [
      'a set with a doubled member',
      ok({ status: 200, headers: {}, body: Buffer.from('{"keys":[],"keys":[]}') }),
      /not a JWKS/,
    ],
    ['bytes that are not UTF-8', ok({ status: 200, headers: {}, body: Buffer.from([0x7b, 0xff, 0x7d]) }), /not a JWKS/],
    [
      'a page',
      ok({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from('<html>') }),
      /answered text\/html \(status 200\), not a JWKS/,
    ],
  ])('%s is not: the last good keys serve on, stale', async (_, answer, message) => {
    const world = await startedWorld()
    world.answer = () => answer
    await world.client.refresh('idp')
    expect(world.last()).toMatchObject({ status: 'stale', generation: 1 })
    expect(world.kids()).toEqual(['k0'])
    expect(world.client.status()[0]?.lastError?.message).toMatch(message)
  })
})

describe('S7: staleness is bounded', () => {
  it('the first failure already raises an alarm; after maxStale the set is unavailable; a success restores it', async () => {
    const world = await startedWorld({ ttlMs: 10 * minute, maxStaleMs: 20 * minute })
    world.answer = () => down
    await world.advance(10 * minute)
    expect(world.last()).toMatchObject({ status: 'stale' })
    expect(world.kids()).toEqual(['k0'])
    expect(world.log[0]).toEqual({
      level: 'warn',
      issuerId: 'idp',
      message: `${url} cannot be connected to (ECONNREFUSED); the last good keys serve on`,
    })
    await world.advance(20 * minute - 1)
    expect(world.last().status).toBe('stale')
    await world.advance(1)
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
    expect(world.log.some(({ level }) => level === 'error')).toBe(true)

    world.answer = () => keys(0)
    await world.advance(6 * minute)
    expect(world.last()).toMatchObject({ status: 'fresh' })
    expect(world.kids()).toEqual(['k0'])
    expect(world.log.at(-1)).toMatchObject({ level: 'info' })
  })

  it('failed fetches are repeated with doubling pauses up to 5 minutes', async () => {
    const world = await startedWorld({}, down)
    const times: number[] = []
    world.answer = () => {
      times.push(world.ports.nowMs())
      return down
    }
    await world.advance(50 * minute)
    const pauses = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / second))
    expect(pauses.slice(0, 10)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  })

  it('of several URLs, one that fails keeps its last part, which ends by itself at maxStale', async () => {
    const other = 'https://idp.example/more'
    const world = makeWorld()
    const answers = new Map([
      [url, keys(0)],
      [other, keys(1)],
    ])
    world.answer = (request) => answers.get(request.url) ?? down
    world.client.configure([terms({ jwksUris: [url, other], maxStaleMs: 20 * minute })])
    await world.advance(0)
    expect(world.kids()).toEqual(['k0', 'k1'])
    answers.set(url, keys(2))
    answers.set(other, down)
    await world.client.refresh('idp')
    expect(world.kids()).toEqual(['k2', 'k1'])
    expect(world.last().status).toBe('stale')
    await world.advance(30 * minute)
    expect(world.kids()).toEqual(['k2'])
    expect(world.last().status).toBe('stale')
  })

  it('a maxStale longer than a timer can wait ends nothing early', async () => {
    const world = await startedWorld({ maxStaleMs: 30 * 24 * hour })
    world.answer = () => down
    for (let days = 0; days < 30 * 24; days++) {
      world.client.touch('idp')
      await world.advance(hour)
    }
    expect(world.last().status).toBe('stale')
    await world.advance(hour)
    expect(world.last().status).toBe('unavailable')
  })
})

describe('S7: unknown key ids', () => {
  it('a storm costs 4 fetches and one more per cool-down, also when they fail or the set is empty', async () => {
    for (const answer of [keys(0), keys(), down]) {
      const world = await startedWorld({}, answer)
      // The retries after a failure are not asked for by requests.
      const byTimer = answer === down ? 7 : 0
      const before = world.requests.length
      for (let tenths = 0; tenths < 600; tenths++) {
        for (let burst = 0; burst < 20; burst++) void world.client.refetch('idp')
        await world.advance(100)
      }
      expect(world.requests.length - before).toBeGreaterThanOrEqual(5)
      expect(world.requests.length - before).toBeLessThanOrEqual(4 + 2 + byTimer)
    }
  })

  it('all who ask at once share one fetch and are done when it is', async () => {
    const world = await startedWorld()
    world.answer = () => keys(0, 1)
    await Promise.all(Array.from({ length: 1000 }, () => world.client.refetch('idp')))
    expect(world.requests).toHaveLength(2)
    expect(world.kids()).toEqual(['k0', 'k1'])
    expect(world.client.status()[0]?.refetchesLeft).toBe(3)
  })

  it('with the bucket empty the answer comes at once, without a fetch', async () => {
    const world = await startedWorld()
    const waits: (number | undefined)[] = []
    for (let count = 0; count < 4; count++) waits.push(await world.client.refetch('idp'))
    expect(waits).toEqual([0, 0, 0, terms().cooldownMs])
    const before = world.requests.length
    expect(await world.client.refetch('idp')).toBe(terms().cooldownMs)
    expect(world.requests).toHaveLength(before)
  })

  it('a clock set back does not stop the bucket from refilling', async () => {
    const world = await startedWorld()
    for (let count = 0; count < 4; count++) await world.client.refetch('idp')
    const { nowMs } = world.ports
    const back = makeWorld(world.disk, nowMs() - hour)
    back.client.configure([terms()])
    await back.advance(0)
    expect(back.client.status()[0]?.refetchesLeft).toBe(4)
  })

  it('an issuer that is not configured is no fault', async () => {
    const world = makeWorld()
    expect(await world.client.refetch('nobody')).toBeUndefined()
    expect(await world.client.refresh('nobody')).toBeUndefined()
    expect(world.client.distrust('nobody', 'k0')).toBeUndefined()
  })
})

describe('S7: distrust', () => {
  it('a key leaves the set at once, by key id or thumbprint, and stays out after fetches and restarts', async () => {
    for (const by of ['kid', 'thumbprint'] as const) {
      const world = await startedWorld({}, keys(0, 1))
      const key = world.last().keys.find(({ kid }) => kid === 'k0') ?? expect.fail()
      expect(world.client.distrust('idp', key[by] ?? '')).toEqual({ removed: [key.thumbprint], saved: true })
      expect(world.kids()).toEqual(['k1'])
      await world.client.refresh('idp')
      expect(world.kids()).toEqual(['k1'])

      const after = makeWorld(world.disk, world.ports.nowMs())
      after.answer = () => json({ keys: [{ ...pool[0], kid: 'renamed' }, pool[1]] })
      after.client.configure([terms()])
      expect(after.kids()).toEqual(['k1'])
      await after.advance(0)
      expect(after.kids()).toEqual(['k1'])
    }
  })

  it('it holds when the issuer leaves the configuration and comes back, with other terms too', async () => {
    const world = await startedWorld({}, keys(0, 1))
    world.client.distrust('idp', 'k0')
    world.client.configure([terms({ ttlMs: minute })])
    world.client.configure([])
    world.client.configure([terms()])
    await world.advance(0)
    expect(world.kids()).toEqual(['k1'])
  })

  it('a distrusted last key leaves the set unavailable', async () => {
    const world = await startedWorld()
    world.client.distrust('idp', 'k0')
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [], generation: 2 })
  })
})

describe('restart and reload', () => {
  it('a restart while the provider is down serves the kept keys, no longer than maxStale', async () => {
    const world = await startedWorld({ maxStaleMs: hour })
    const { generation } = world.last()
    const nowMs = world.ports.nowMs()
    const soon = makeWorld(world.disk, nowMs + 30 * minute)
    soon.answer = () => down
    soon.client.configure([terms({ maxStaleMs: hour })])
    expect(soon.last()).toMatchObject({ status: 'stale', generation })
    await soon.advance(39 * minute)
    expect(soon.kids()).toEqual(['k0'])
    await soon.advance(minute)
    expect(soon.last()).toMatchObject({ status: 'unavailable', keys: [] })

    const late = makeWorld(world.disk, nowMs + 2 * hour)
    late.answer = () => down
    late.client.configure([terms({ maxStaleMs: hour })])
    await late.advance(0)
    expect(late.last().status).toBe('unavailable')
  })

  it('generations grow over restarts, and the same keys keep theirs', async () => {
    const world = await startedWorld()
    world.answer = () => keys(1)
    await world.client.refresh('idp')
    const { generation } = world.last()
    const after = makeWorld(world.disk, world.ports.nowMs())
    after.answer = () => keys(1)
    after.client.configure([terms()])
    await after.advance(0)
    expect(after.last().generation).toBe(generation)
    after.answer = () => keys(2)
    await after.client.refresh('idp')
    expect(after.last().generation).toBe(generation + 1)
  })

  it('a clock set back over a restart does not lengthen the life of kept keys', async () => {
    const world = await startedWorld({ maxStaleMs: 0 })
    const after = makeWorld(world.disk, world.ports.nowMs() - 100 * hour)
    after.answer = () => down
    after.client.configure([terms({ maxStaleMs: 0 })])
    await after.advance(10 * minute)
    expect(after.last().status).toBe('unavailable')
  })

  it('a reload that does not touch an issuer fetches nothing; one that changes its terms keeps its keys', async () => {
    const world = await startedWorld()
    const told = world.sets.length
    world.client.configure([terms({ jwksUris: [...terms().jwksUris] })])
    await world.advance(0)
    expect(world.requests).toHaveLength(1)
    expect(world.sets).toHaveLength(told)
    world.answer = () => down
    world.client.configure([terms({ ttlMs: minute })])
    expect(world.kids()).toEqual(['k0'])
  })

  it('keys of one URL never serve for another', async () => {
    const world = await startedWorld()
    world.answer = () => down
    world.client.configure([terms({ jwksUris: ['https://other.example/jwks'] })])
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
    await world.advance(0)
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
  })

  it('kept keys are read again by the quality asked for now', async () => {
    const world = await startedWorld()
    world.answer = () => down
    world.client.configure([terms({ quality: { ...quality, algorithmBits: 0 } })])
    expect(world.last()).toMatchObject({ status: 'unavailable', keys: [] })
  })

  it('a source that a reload replaced during a refresh says nothing any more', async () => {
    const world = await startedWorld()
    const held: (() => void)[] = []
    world.answer = () => new Promise((resolve) => held.push(() => resolve(keys(1))))
    const refreshed = world.client.refresh('idp')
    await settled()
    world.client.distrust('idp', 'k0')
    world.answer = () => keys(2)
    world.client.configure([terms({ ttlMs: minute })])
    await world.advance(0)
    const told = world.sets.length
    for (const release of held) release()
    expect(await refreshed).toMatchObject({ keys: [{ kid: 'k2' }] })
    expect(world.sets).toHaveLength(told)
    expect(world.kids()).toEqual(['k2'])
  })

  it('what was under way when an issuer left or the client stopped changes nothing, and no timer stays', async () => {
    const world = await startedWorld()
    let release = (): void => {}
    world.answer = () =>
      new Promise((resolve) => {
        release = () => resolve(keys(1))
      })
    const waiting = world.client.refetch('idp')
    await settled()
    const told = world.sets.length
    world.client.stop()
    release()
    await waiting
    expect(world.sets).toHaveLength(told)
    expect(world.timers()).toBe(0)
  })
})

describe('discovered keys', () => {
  const issuer = 'https://idp.example/realms/x'
  const discovery = { url: issuer, issuer }
  const wellKnown = `${issuer}/.well-known/openid-configuration`

  it('the learnt URL is fetched as learnt, beside the issuer’s own origin, and metadata is not asked each time', async () => {
    const world = makeWorld()
    world.answer = (request) => (request.url === wellKnown ? json({ issuer, jwks_uri: url }) : keys(0))
    world.client.configure([terms({ jwksUris: [], discovery, allowPrivate: ['10.0.0.0/8'] })])
    await world.advance(0)
    expect(world.kids()).toEqual(['k0'])
    expect(world.requests[0]).toMatchObject({ url: wellKnown, trust: 'operator' })
    expect(world.requests[1]).toMatchObject({
      url,
      trust: 'learnt',
      sameOriginAs: issuer,
      allowPrivate: ['10.0.0.0/8'],
    })
    await world.client.refresh('idp')
    expect(world.requests.map((request) => request.url)).toEqual([wellKnown, url, url])
    expect(world.client.status()[0]?.urls).toEqual([url])
  })

  it('metadata is asked again when its URL fails, so that a moved JWKS is found', async () => {
    const moved = 'https://idp.example/moved'
    const world = makeWorld()
    let jwksUri = url
    world.answer = (request) =>
      request.url === wellKnown ? json({ issuer, jwks_uri: jwksUri }) : request.url === jwksUri ? keys(1) : down
    world.client.configure([terms({ jwksUris: [], discovery })])
    await world.advance(0)
    jwksUri = moved
    await world.client.refresh('idp')
    expect(world.last().status).toBe('stale')
    await world.advance(2 * second)
    expect(world.last().status).toBe('fresh')
    expect(world.requests.at(-1)?.url).toBe(moved)
  })

  it('metadata of another issuer is refused, and nothing it names is fetched', async () => {
    const world = makeWorld()
    world.answer = () => json({ issuer: `${issuer}/`, jwks_uri: url })
    world.client.configure([terms({ jwksUris: [], discovery })])
    await world.advance(0)
    expect(world.last().status).toBe('unavailable')
    expect(world.requests.map((request) => request.url)).toEqual([wellKnown])
    expect(world.client.status()[0]?.lastError?.message).toContain('names the issuer')
  })
})

describe('any interleaving', () => {
  it('keeps one fetch per URL and eight in all, answers everybody, ends with the provider’s keys, and leaves no timer', async () => {
    const step = fc.oneof(
      fc.record({
        act: fc.constantFrom('refetch', 'refresh', 'touch', 'distrust', 'reload', 'drop'),
        issuer: fc.nat(11),
      }),
      fc.record({ act: fc.constantFrom('answer', 'fail', 'rotate'), issuer: fc.nat(3) }),
      fc.record({ act: fc.constant('wait'), issuer: fc.nat(400) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
        const world = makeWorld()
        const open: { readonly url: string; readonly resolve: (answer: Answer) => void }[] = []
        let current = 0
        world.answer = (request) => new Promise((resolve) => open.push({ url: request.url, resolve }))
        const all = Array.from({ length: 12 }, (_, index) =>
          terms({ issuerId: `i${index}`, jwksUris: [`https://idp.example/${index}`] }),
        )
        let configured = all
        world.client.configure(configured)
        const asked: Promise<unknown>[] = []
        for (const { act, issuer } of steps) {
          const issuerId = `i${issuer}`
          if (act === 'refetch') for (let count = 0; count < 10; count++) asked.push(world.client.refetch(issuerId))
          if (act === 'refresh') asked.push(world.client.refresh(issuerId))
          if (act === 'touch') world.client.touch(issuerId)
          if (act === 'distrust') world.client.distrust(issuerId, 'k3')
          if (act === 'drop') world.client.configure(configured.filter((one) => one.issuerId !== issuerId))
          if (act === 'reload') {
            configured = all.map((one, index) => (index === issuer ? { ...one, ttlMs: one.ttlMs + steps.length } : one))
            world.client.configure(configured)
          }
          if (act === 'rotate') current = issuer
          if (act === 'answer') open.shift()?.resolve(keys(current))
          if (act === 'fail') open.shift()?.resolve(down)
          await world.advance(act === 'wait' ? issuer * second : 0)
          expect(open.length).toBeLessThanOrEqual(8)
        }
        world.answer = () => keys(2)
        world.client.configure(all)
        for (;;) {
          const held = open.splice(0)
          if (held.length === 0) break
          for (const one of held) one.resolve(keys(2))
          await world.advance(0)
        }
        await Promise.all(asked)
        for (const { issuerId } of all) await world.client.refresh(issuerId)
        for (const { issuerId } of all) {
          expect(world.client.keySet(issuerId)?.keys.map(({ kid }) => kid)).toEqual(['k2'])
          const seen = world.sets.filter((set) => set.issuerId === issuerId)
          const texts = new Map<number, string>()
          let last = 0
          for (const { generation, keys } of seen) {
            expect(generation).toBeGreaterThanOrEqual(last)
            last = generation
            expect(JSON.stringify(keys)).toBe(texts.get(generation) ?? JSON.stringify(keys))
            texts.set(generation, JSON.stringify(keys))
          }
        }
        world.client.stop()
        expect(world.timers()).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
