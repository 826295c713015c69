import { expect, it } from 'vitest'
import { compare, type Figures } from './compare.ts'
import type { Round } from './round.ts'

/** Rounds of one sample a side, by their figures. */
function told(pairs: readonly (readonly [ours: number, theirs: number])[]) {
  const rounds = pairs.map(() => ({}) as Round)
  const figures: Figures = (round, side) => [pairs[rounds.indexOf(round)]?.[side === 'jotgate' ? 0 : 1] ?? Number.NaN]
  return compare(rounds, 'haproxy', figures)
}

it('a ratio is the median of the rounds, and none when they lie too far apart', () => {
  const steady = [[10, 10], [10.2, 10], [10.5, 10]] as const // biome-ignore format: three rounds
  expect(told(steady)).toEqual({ ratio: 1.02, range: [1, 1.05], fault: undefined })
  expect(told([...steady, [12, 10]])).toMatchObject({ ratio: null, range: [1, 1.2], fault: expect.any(String) })
})

it('a cost that came out below nothing is no result, never a small ratio', () => {
  expect(told([[-0.1, 1]])).toMatchObject({ ratio: null, fault: 'what is compared was lost in noise' })
  expect(told([[-1, -1]])).toMatchObject({ ratio: null })
  expect(compare([], 'haproxy', () => [1])).toEqual({ ratio: null, range: null, fault: undefined })
})
