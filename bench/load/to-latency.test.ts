import { expect, it } from 'vitest'
import type { PacedRun } from './paced-run.ts'
import { toLatency } from './to-latency.ts'

const inTime = { lagP99Ms: 1, lagP999Ms: 2.5 }
const run: PacedRun = {
  ...{ hasKeptUp: true, sent: 1_000, answered: 1_000, unexpected: 0, failures: 0 },
  ...{ p50Ms: 0.5, p99Ms: 3, p999Ms: 9, maxMs: 12, ...inTime },
}

it('a run whose generator was in time tells every percentile', () => {
  expect(toLatency(run, 200)).toEqual({ p50Ms: 0.5, p99Ms: 3, p999Ms: 9, maxMs: 12, ...inTime })
})

it('a late generator spoils the percentile it is late at, and all when it did not keep up', () => {
  expect(toLatency({ ...run, lagP99Ms: 1.1 }, 200)).toMatchObject({ p50Ms: 0.5, p99Ms: undefined, p999Ms: 9 })
  expect(toLatency({ ...run, lagP999Ms: 2.6 }, 200)).toMatchObject({ p99Ms: 3, p999Ms: undefined })
  expect(toLatency({ ...run, lagP99Ms: 5.1 }, 200)).toBeUndefined()
  expect(toLatency({ ...run, hasKeptUp: false, answered: 990 }, 200)).toBeUndefined()
})

it('answers that are missing or not the expected ones are told', () => {
  expect(() => toLatency({ ...run, unexpected: 7 }, 401)).toThrow('7 answers were not 401')
  expect(() => toLatency({ ...run, answered: 990 }, 200)).toThrow('10 of 1000 paced requests got no answer')
})
