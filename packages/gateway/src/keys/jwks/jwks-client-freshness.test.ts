import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRefetchBucket, refetchesMax } from './jwks-client-bucket.ts'
import { freshnessMs, refreshDelayMs, retryDelayMs } from './jwks-client-freshness.ts'

const ttlMs = 600_000
const dayMs = 86_400_000

describe('how long a fetched set is fresh', () => {
  it.each([
    ['max-age=60', undefined, 60_000],
    ['Public, MAX-AGE=60 ', undefined, 60_000],
    ['max-age="60"', undefined, 60_000],
    ['max-age=60', '15', 45_000],
    ['max-age=60', '61', 1000],
    ['max-age=60', 'x', 60_000],
    ['max-age=9999999999', undefined, dayMs],
    ['max-age=0', undefined, ttlMs],
    ['max-age=-5', undefined, ttlMs],
    ['max-age=1e3', undefined, ttlMs],
    ['max-age', undefined, ttlMs],
    ['s-maxage=60', undefined, ttlMs],
    ['no-store', undefined, ttlMs],
    ['max-age=60, no-cache', undefined, ttlMs],
    ['', undefined, ttlMs],
  ])('Cache-Control "%s" with Age %s: %i ms', (header, age, wantedMs) => {
    expect(freshnessMs({ 'cache-control': header, age }, ttlMs)).toBe(wantedMs)
  })

  it('whatever the headers say, it lies between one second and one day, or is the configured time', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.string(), (noise, seconds, age) => {
        const freshMs = freshnessMs({ 'cache-control': `${noise}, max-age=${seconds}`, age }, ttlMs)
        expect(freshMs === ttlMs || (freshMs >= 1000 && freshMs <= dayMs)).toBe(true)
      }),
    )
  })

  it('S7: refreshes come before the end and are spread by 10 %; retries double from 1 s to 5 min, spread alike', () => {
    expect([0, 0.5, 0.9999].map((random) => refreshDelayMs(100_000, random))).toEqual([81_000, 90_000, 98_998])
    expect([1, 2, 3, 9, 10, 1000].map((failures) => retryDelayMs(failures, 0.5))).toEqual([
      1000, 2000, 4000, 256_000, 300_000, 300_000,
    ])
    expect(retryDelayMs(1, 0)).toBe(900)
  })
})

describe('S7: the bucket of refetches', () => {
  it('never gives more than 4 and one per cool-down, however it is asked and wherever the clock goes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 200 }), { maxLength: 200 }), (pauses) => {
        const bucket = createRefetchBucket(100, 0)
        let nowMs = 0
        let forwardMs = 0
        let taken = 0
        for (const pauseMs of pauses) {
          nowMs += pauseMs
          forwardMs += Math.max(0, pauseMs)
          if (bucket.take(nowMs)) taken += 1
          expect(taken).toBeLessThanOrEqual(refetchesMax + Math.floor(forwardMs / 100))
        }
      }),
    )
  })

  it('refills after a clock step back as fast as ever', () => {
    const bucket = createRefetchBucket(100, 1_000_000)
    for (let count = 0; count < refetchesMax; count++) expect(bucket.take(1_000_000)).toBe(true)
    expect(bucket.take(0)).toBe(false)
    expect(bucket.take(100)).toBe(true)
  })
})
