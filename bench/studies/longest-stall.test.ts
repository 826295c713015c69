import { expect, it } from 'vitest'
import { longestStall } from './longest-stall.ts'

const lines = '1000 5.00\n2000 21.50\n2500 30.00\n9000 80.00\n'
const events = [
  { atMs: 1400, what: 'reload' },
  { atMs: 2400, what: 'rotation' },
  { atMs: 8000, what: 'reload' },
]

it('the longest within the time asked for, and what came before it', () => {
  expect(longestStall(lines, 1000, 9000, events)).toEqual({
    longest: { ms: 30, after: { what: 'rotation', ms: 100 } },
    over20Ms: 2,
  })
})

it('nothing had happened before the first', () => {
  expect(longestStall(lines, 0, 1500, events).longest).toEqual({ ms: 5, after: undefined })
})

it('no stall worth a note is none', () => {
  expect(longestStall('', 0, 1500, events)).toEqual({ longest: { ms: 0, after: undefined }, over20Ms: 0 })
})
