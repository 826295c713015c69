import { expect, it } from 'vitest'
import { type LoadFacts, type LoadRound, loadFigures } from './load-figures.ts'
import type { TimedSample } from './measure-paced.ts'

function round(oursMs: number | undefined, theirsMs: number, fault?: string): LoadRound {
  const visit = (side: 'jotgate' | 'haproxy', cpuUsPerRequest: number, p99Ms: number | undefined) => ({
    side,
    samples: new Map([['70 %', { side, cpuUsPerRequest, fault } as TimedSample]]),
    latencies: new Map([['70 %', { p50Ms: 1, p99Ms, p999Ms: 9, maxMs: 20, lagP99Ms: 1.2, lagP999Ms: 2 }]]),
  })
  return { visits: [visit('jotgate', 40, oursMs), visit('haproxy', 50, theirsMs)], referenceUs: [30, 30] }
}

function figures(rounds: readonly LoadRound[], rateFault?: string) {
  const facts: LoadFacts = { caseName: 'warm', load: '70 %', percentiles: ['p99', 'p99.9'], rounds, rateFault }
  return new Map(loadFigures(facts).map(({ name, value, note }) => [name, { value, note }]))
}

const above = "warm at 70 %: p99 above HAProxy's"

it('figures are of the rounds that count, paired', () => {
  const told = figures([round(3, 2), round(4, 2), round(9, 2, 'stolen')])
  expect(told.get(above)?.value).toBe(1.5)
  expect(told.get("warm at 70 %: CPU / HAProxy's")?.value).toBe(0.8)
  expect(told.get(above)?.note).toContain('stolen')
})

it('a late generator takes the percentile it was late at, and no other figure', () => {
  const told = figures([round(undefined, 2)])
  expect(told.get(above)).toEqual({ value: null, note: 'no round counted; the load generator was late at p99' })
  expect(told.get("warm at 70 %: p99.9 above HAProxy's")?.value).toBe(0)
  expect(told.get('warm at 70 %: CPU')?.value).toBe(40)
})

it('a rate that does not count leaves no result, and says why', () => {
  const told = [...figures([round(3, 2)], 'stolen').values()]
  expect(told).toHaveLength(9)
  expect(told.every(({ value, note }) => value === null && note?.includes('stolen'))).toBe(true)
})
