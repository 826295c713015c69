import { expect, it } from 'vitest'
import { toFigure } from './to-figure.ts'

it('a figure is the median of its rounds, with their range', () => {
  expect(toFigure({ name: 'x', unit: 'us', values: [3, 1, 8] })).toEqual({
    ...{ name: 'x', unit: 'us', value: 3, range: [1, 8], note: null },
  })
})

it('a single round has no range', () => {
  expect(toFigure({ name: 'x', unit: 's', values: [1.25] })).toMatchObject({ value: 1.25, range: null })
})

it.each([
  { steadiness: 'ratio', values: [0.95, 1, 1.06], said: '10 %' },
  { steadiness: 'difference', values: [40, 41, 43.1], said: '3 us' },
] as const)('a $steadiness whose rounds lie too far apart is no result', ({ steadiness, values, said }) => {
  const figure = toFigure({ name: 'x', unit: 'us', values, steadiness })
  expect(figure.value).toBeNull()
  expect(figure.range).toEqual([values[0], values[2]])
  expect(figure.note).toContain(said)
})

it.each([
  { steadiness: 'ratio', values: [0.96, 1, 1.05] },
  { steadiness: 'difference', values: [40, 41, 43] },
] as const)('a $steadiness within its bounds counts', ({ steadiness, values }) => {
  expect(toFigure({ name: 'x', unit: 'us', values, steadiness }).value).toBe(values[1])
})

it('no round that counts is no result, and the faults say why', () => {
  const figure = toFigure({ name: 'x', unit: 'us', values: [], faults: ['noise', 'noise'] })
  expect(figure).toMatchObject({ value: null, note: 'no round counted; noise' })
})

it.each([Number.NaN, Number.POSITIVE_INFINITY, JSON.parse('null')])('%s is no number to be a figure', (value) => {
  const figure = toFigure({ name: 'x', unit: 'us', values: [1, value, 2] })
  expect(figure).toMatchObject({ value: null, range: null, note: 'a round came to no number' })
})
