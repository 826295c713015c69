import { describe, expect, it } from 'vitest'
import { formatDate, formatRelative, formatSpan } from './format-time.ts'

describe('times for people', () => {
  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [300, '5 m 0 s'],
    [3_661, '1 h 1 m'],
    [200_000, '2 d 7 h'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(formatSpan(seconds)).toBe(text)
    expect(formatSpan(-seconds)).toBe(text)
  })

  it('says which side of now a time lies on', () => {
    expect([110, 100, 40].map((at) => formatRelative(at, 100))).toEqual(['in 10 s', 'now', '1 m 0 s ago'])
  })

  it('a claim that no date can hold is no date, and nothing throws', () => {
    expect(formatDate(0, 60)).toBe('1970-01-01T00:00:00Z, 1 m 0 s ago')
    expect(formatDate(1e300, 0)).toBeUndefined()
    expect(formatDate(Number.NaN, 0)).toBeUndefined()
  })
})
