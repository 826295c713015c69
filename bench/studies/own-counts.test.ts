import { expect, it } from 'vitest'
import { ownCounts } from './own-counts.ts'

it('a scrape that every worker answered is read', () => {
  const text = 'jotgate_workers_silent 0\njotgate_config_generation 3\n'
  expect(ownCounts(200, text)).toBe(text)
})

it.each([
  { status: 200, text: 'jotgate_workers_silent 1\n', said: '1 workers gave no metrics' },
  { status: 200, text: '', said: 'do not tell' },
  { status: 401, text: 'jotgate_workers_silent 0\n', said: 'answered 401' },
])('one that is not so is no scrape: $said', ({ status, text, said }) => {
  expect(() => ownCounts(status, text)).toThrow(said)
})
