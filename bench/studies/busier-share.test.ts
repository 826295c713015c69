import { expect, it } from 'vitest'
import { busierShare, type Decided, decidedOf } from './busier-share.ts'

/** One request each millisecond, `every`th of them another worker's. */
function load(fromMs: number, count: number, every: number): Decided[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: fromMs + index,
    worker: index % every === 0 ? '2' : '1',
  }))
}

it("the share is that of the measured run, whatever the warm-up's was", () => {
  const decided = [...load(0, 5_000, 1), ...load(6_000, 1_000, 4)]
  expect(busierShare(decided, { requests: 1_000, seconds: 1 })).toEqual({ share: 0.75, fault: undefined })
})

it('lines of several workers need not be in order', () => {
  const decided = load(6_000, 1_000, 4).toReversed()
  expect(busierShare(decided, { requests: 1_000, seconds: 1 }).share).toBe(0.75)
})

it('a log that has not what was measured is a fault', () => {
  const fault = 'the access log has 500 requests of the 1000 measured'
  expect(busierShare(load(0, 500, 2), { requests: 1_000, seconds: 1 }).fault).toBe(fault)
  expect(busierShare([], { requests: 1_000, seconds: 1 }).fault).toContain('has 0 requests')
})

it('a line tells its worker and its time, another line nothing', () => {
  const id = '0123456789abcdef0123456789abcdef'
  const line = `{"time":"2026-11-23T12:00:00.250Z","decision":"${id}-12","outcome":"forwarded"}`
  expect(decidedOf(line)).toEqual({ worker: '12', atMs: Date.parse('2026-11-23T12:00:00.250Z') })
  expect(decidedOf('{"time":"2026-11-23T12:00:00.250Z","level":"info","event":"started"}')).toBeUndefined()
})
