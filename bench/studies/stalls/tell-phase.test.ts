import { expect, it } from 'vitest'
import type { PhaseResult } from './run-phase.ts'
import { tellPhase } from './tell-phase.ts'

const good: PhaseResult = {
  longest: { ms: 12.5, after: { what: 'a reload', ms: 30 } },
  over20Ms: 0,
  gaugeMs: 9,
  latencyMs: 14,
  happenings: [{ what: 'a reload', asked: 2, done: 2, shareMin: 1 }],
  faults: [],
}

it('a phase is told in three figures, and what came before its longest stall', () => {
  const figures = tellPhase('one API, reloads', good)
  expect(figures.map(({ name, value }) => [name, value])).toEqual([
    ['one API, reloads: longest stall', 12.5],
    ["one API, reloads: the gateway's own gauge", 9],
    ['one API, reloads: longest latency', 14],
  ])
  expect(figures[0]?.note).toBe('30 ms after a reload; 0 over 20 ms; a reload: 2 of 2')
})

it('none of them has a result when the phase has a fault: a stall that was not measured is not one of 0 ms', () => {
  const unseen = { ...good, longest: { ms: 0, after: undefined }, faults: ['the event loop was not watched'] }
  const figures = tellPhase('x', unseen)
  expect(figures.map(({ value }) => value)).toEqual([null, null, null])
  expect(figures.every(({ note }) => note?.includes('not watched'))).toBe(true)
})

it('a gauge that was not told is no result', () => {
  expect(tellPhase('x', { ...good, gaugeMs: undefined })[1]?.value).toBeNull()
})
