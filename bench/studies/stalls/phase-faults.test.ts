import { expect, it } from 'vitest'
import { type PhaseSeen, phaseFaults } from './phase-faults.ts'

const good: PhaseSeen = {
  watch: undefined,
  load: undefined,
  happenings: [{ what: 'a reload', asked: 4, done: 4, shareMin: 1 }],
  errors: [],
}

it('a phase in which all was as it should be has no fault', () => {
  expect(phaseFaults(good)).toEqual([])
  expect(phaseFaults({ ...good, happenings: [] })).toEqual([])
})

it.each<{ seen: Partial<PhaseSeen>; said: string }>([
  { seen: { watch: 'not watched' }, said: 'not watched' },
  { seen: { load: 'late' }, said: 'late' },
  { seen: { errors: ['a scrape failed: no', 'a scrape failed: no'] }, said: 'a scrape failed: no' },
  {
    seen: { happenings: [{ what: 'a reload', asked: 4, done: 3, shareMin: 1 }] },
    said: 'a reload: only 3 of 4 came about under load',
  },
  {
    seen: { happenings: [{ what: 'a rotation', asked: 1, done: 0, shareMin: 0.5 }] },
    said: 'a rotation: only 0 of 1 came about under load',
  },
  {
    seen: { happenings: [{ what: 'a scrape', asked: 0, done: 0, shareMin: 1 }] },
    said: 'a scrape was never asked for',
  },
])('$said', ({ seen, said }) => {
  expect(phaseFaults({ ...good, ...seen })).toEqual([said])
})

it('half of the rotations will do, as a set is fetched when its time is over', () => {
  const half = { what: 'a rotation', asked: 7, done: 4, shareMin: 0.5 }
  expect(phaseFaults({ ...good, happenings: [half] })).toEqual([])
})
