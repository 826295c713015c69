import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { strictQuality } from '../../../test/support/strict-quality.ts'
import { findAlgorithm } from '../../domain/algorithm.ts'
import type { KeyRecord } from '../../domain/key.ts'
import type { KeySet } from '../key-set.ts'
import { readJwks } from '../recognise/read-jwks.ts'
import { createRemoteKeySets, type RemoteKeySets } from './remote-key-sets.ts'

const jwkA = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const jwkB = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

function records(...kids: readonly string[]): readonly KeyRecord[] {
  const keys = kids.map((kid, position) => ({ ...(position % 2 === 0 ? jwkA : jwkB), kid }))
  const read = readJwks({ keys }, strictQuality(), 0, 'remote')
  if (!read.ok) throw new Error(read.error.code)
  return read.value.keys
}

function keySet(generation: number, keys: readonly KeyRecord[], status: KeySet['status'] = 'fresh'): KeySet {
  return { issuerId: 'a', generation, status, keys }
}

/** Control and the clock, moved by hand. */
let asked: { issuerId: string; answer: (againMs?: number) => void; fail: () => void }[] = []
let timers: { readonly atMs: number; readonly run: () => void }[] = []
let nowMs = 0
let sets: RemoteKeySets

beforeEach(() => {
  asked = []
  timers = []
  nowMs = 1_000_000
  sets = createRemoteKeySets({
    requestRefetch: (issuerId) =>
      new Promise((resolve, reject) => {
        asked.push({ issuerId, answer: resolve, fail: () => reject(new Error('control is away')) })
      }),
    nowMs: () => nowMs,
    startTimer: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  })
})

function pass(ms: number): void {
  nowMs += ms
  for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) timer.run()
}

async function isOver(waiting: Promise<void>): Promise<boolean> {
  return await Promise.race([waiting.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))])
}

describe('S7: key sets a worker was given', () => {
  it('a set with the same content keeps every record and the index, so nothing is imported or verified again', () => {
    sets.put(keySet(1, records('k1', 'k2')))
    const before = sets.get('a')
    sets.put(structuredClone(keySet(1, records('k1', 'k2'), 'stale')))
    const after = sets.get('a')
    expect(after?.index).toBe(before?.index)
    expect(after?.set.keys).toBe(before?.set.keys)
    expect(after?.set.status).toBe('stale')
  })

  it('a key that stays keeps its record when another joins; one that left stops working at once', () => {
    const es256 = findAlgorithm('ES256')
    sets.put(keySet(1, records('k1')))
    const kept = sets.get('a')?.set.keys[0]
    sets.put(structuredClone(keySet(2, records('k1', 'k2'))))
    expect(sets.get('a')?.set.keys[0]).toBe(kept)
    sets.put(keySet(3, []))
    expect(es256 && sets.get('a')?.index.select(es256, 'k1')).toEqual([])
  })

  it('an issuer that is no longer configured is forgotten', () => {
    sets.put(keySet(1, records('k1')))
    sets.drop('a')
    expect(sets.get('a')).toBeUndefined()
  })
})

describe('S7: waiting for an unknown kid', () => {
  it('all who wait share one question and go on with its answer', async () => {
    const waiting = [sets.refetch('a', 'new'), sets.refetch('a', 'newer'), sets.refetch('a', 'new')]
    expect(asked.map(({ issuerId }) => issuerId)).toEqual(['a'])
    expect(await isOver(Promise.all(waiting).then(() => undefined))).toBe(false)
    sets.put(keySet(1, records('new')))
    asked[0]?.answer()
    await Promise.all(waiting)
    expect(timers).toEqual([])
  })

  it('lasts at most 1 s, also when control is stopped', async () => {
    const waiting = sets.refetch('a', 'new')
    pass(999)
    expect(await isOver(waiting)).toBe(false)
    pass(1)
    expect(await isOver(waiting)).toBe(true)
  })

  it('is for 64 an issuer; the rest return at once, and other issuers are not touched', async () => {
    const waiting = Array.from({ length: 64 }, (_, position) => sets.refetch('a', `kid-${position}`))
    expect(await isOver(sets.refetch('a', 'one more'))).toBe(true)
    const other = sets.refetch('b', 'kid')
    expect(await isOver(other)).toBe(false)
    expect(timers).toHaveLength(65)
    pass(1000)
    await Promise.all([...waiting, other])
  })

  it('a kid that was not there is not asked about again until a set comes or 5 s pass', async () => {
    const first = sets.refetch('a', 'ghost')
    asked[0]?.answer()
    await first
    expect(await isOver(sets.refetch('a', 'ghost'))).toBe(true)
    expect(asked).toHaveLength(1)
    sets.put(keySet(1, records('k1')))
    const second = sets.refetch('a', 'ghost')
    expect(asked).toHaveLength(2)
    asked[1]?.answer()
    await second
    pass(5000)
    const third = sets.refetch('a', 'ghost')
    expect(asked).toHaveLength(3)
    asked[2]?.answer()
    await third
  })

  it('a kid is asked about again at once while control would fetch for it, and when the time it named has passed', async () => {
    for (const [againMs, passMs] of [
      [0, 0],
      [100, 100],
      [60_000, 5000],
    ] as const) {
      const waiting = sets.refetch('a', 'late')
      expect(asked).toHaveLength(1)
      asked.pop()?.answer(againMs)
      await waiting
      if (againMs > 0) expect(await isOver(sets.refetch('a', 'late'))).toBe(true)
      expect(asked).toHaveLength(0)
      pass(passMs)
    }
    const waiting = sets.refetch('a', 'late')
    sets.put(keySet(1, records('late')))
    await waiting
  })

  it('a kid that did come is not remembered as unknown', async () => {
    const first = sets.refetch('a', 'k1')
    sets.put(keySet(1, records('k1')))
    asked[0]?.answer()
    await first
    sets.put(keySet(2, []))
    const second = sets.refetch('a', 'k1')
    expect(asked).toHaveLength(2)
    asked[1]?.answer()
    await second
  })

  it('a failed question ends the waiting and is no error of the request', async () => {
    const waiting = sets.refetch('a', 'new')
    asked[0]?.fail()
    await expect(waiting).resolves.toBeUndefined()
  })

  it('a question control never answered is asked again after 10 s', async () => {
    const first = sets.refetch('a', 'x')
    pass(1000)
    await first
    const second = sets.refetch('a', 'y')
    expect(asked).toHaveLength(1)
    pass(9000)
    await second
    const third = sets.refetch('a', 'z')
    expect(asked).toHaveLength(2)
    pass(1000)
    await third
  })

  it('100,000 random kids leave the good keys where they are', async () => {
    sets.put(keySet(1, records('k1')))
    const held = sets.get('a')
    for (let round = 0; round < 100_000; round += 64) {
      const waiting = Array.from({ length: 64 }, (_, offset) => sets.refetch('a', `kid-${round + offset}`))
      asked.at(-1)?.answer()
      await Promise.all(waiting)
      asked = []
    }
    expect(sets.get('a')).toBe(held)
  })
})
