import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editDistance } from './edit-distance.ts'

/** By its definition. */
function slowly(one: string, other: string): number {
  if (one === '' || other === '') return one.length + other.length
  const [a, b] = [one.slice(0, -1), other.slice(0, -1)]
  const same = one.at(-1) === other.at(-1)
  const swapped = one.length > 1 && other.length > 1 && one.at(-1) === b.at(-1) && a.at(-1) === other.at(-1)
  return Math.min(
    slowly(a, other) + 1,
    slowly(one, b) + 1,
    slowly(a, b) + (same ? 0 : 1),
    swapped ? slowly(a.slice(0, -1), b.slice(0, -1)) + 1 : Number.POSITIVE_INFINITY,
  )
}

describe('how many letters are wrong', () => {
  it.each([
    ['', '', 0],
    ['shop', 'shop', 0],
    ['shop', 'shpo', 1],
    ['shop', 'shops', 1],
    ['billing', 'billing-batch', 6],
    ['abc', 'xyz', 3],
  ])('%j and %j: %i', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance)
  })

  it('is what its definition says, and no more than the bound', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 8 }), (one, other, most) => {
        const distance = slowly(one, other)
        expect(editDistance(one, other)).toBe(distance)
        expect(editDistance(one, other, most)).toBe(Math.min(distance, most))
      }),
      { numRuns: 2_000 },
    )
  })
})
