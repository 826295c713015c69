import { expect, it } from 'vitest'
import { longestStall } from './longest-stall.ts'
import { readWatch } from './read-watch.ts'

const notes = readWatch(
  ['1000 7 stall 5.00', '1200 7 awake', '2000 7 stall 21.50', '2500 7 stall 30.00', '9000 7 stall 80.00'].join('\n'),
)
const events = [
  { atMs: 1400, what: 'reload' },
  { atMs: 2400, what: 'rotation' },
  { atMs: 8000, what: 'reload' },
]

it('the longest within the time asked for, and what came before it', () => {
  expect(longestStall(notes, 1000, 8900, events)).toEqual({
    longest: { ms: 30, after: { what: 'rotation', ms: 100 } },
    over20Ms: 2,
  })
})

it('nothing had happened before the first', () => {
  expect(longestStall(notes, 0, 1500, events).longest).toEqual({ ms: 5, after: undefined })
})

it('one that goes on beyond the end is one as well', () => {
  expect(longestStall(notes, 8000, 8950, events).longest).toEqual({ ms: 80, after: { what: 'reload', ms: 1000 } })
})

it('no stall worth a note is none', () => {
  expect(longestStall([], 0, 1500, events)).toEqual({ longest: { ms: 0, after: undefined }, over20Ms: 0 })
})
