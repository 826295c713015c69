import { describe, expect, it } from 'vitest'
import { parseTime } from './simulate.ts'

describe('--at', () => {
  it.each([
    ['2027-01-31T00:00:00Z', Date.UTC(2027, 0, 31)],
    ['2027-01-31T01:30:00.5+01:30', Date.UTC(2027, 0, 31) + 500],
    ['2027-01-31T00:00Z', Date.UTC(2027, 0, 31)],
  ])('takes %s', (text, timeMs) => {
    expect(parseTime(text)).toBe(timeMs)
  })

  it.each([
    '',
    'now',
    '1700000000',
    '2027-01-31',
    '2027-01-31T00:00:00',
    '2027-13-31T00:00:00Z',
    '2027-01-31T25:00:00Z',
  ])('takes no %j', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })
})
