import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { meanwhile } from './meanwhile.ts'

beforeEach(() => void vi.useFakeTimers({ now: 10_000 }))
afterEach(() => void vi.useRealTimers())

it('acts are begun at their pace until the time is over, and told', async () => {
  const act = vi.fn()
  const running = meanwhile([{ what: 'a reload', everyMs: 2_000, act }], 5_000)
  await vi.advanceTimersByTimeAsync(20_000)
  const { events, errors } = await running.ended()
  expect(act).toHaveBeenCalledTimes(2)
  expect(events).toEqual([
    { atMs: 12_000, what: 'a reload' },
    { atMs: 14_000, what: 'a reload' },
  ])
  expect(errors).toEqual([])
})

it.each([
  {
    how: 'throws',
    act: () => {
      throw new Error('no')
    },
  },
  { how: 'rejects', act: () => Promise.reject(new Error('no')) },
])('what $how is not lost', async ({ act }) => {
  const running = meanwhile([{ what: 'a scrape', everyMs: 1_000, act }], 1_500)
  await vi.advanceTimersByTimeAsync(2_000)
  expect((await running.ended()).errors).toEqual(['a scrape failed: Error: no'])
})

it('what is under way is waited for', async () => {
  const act = () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 5_000))
  const running = meanwhile([{ what: 'a scrape', everyMs: 1_000, act }], 1_500)
  await vi.advanceTimersByTimeAsync(2_000)
  const ended = running.ended()
  await vi.advanceTimersByTimeAsync(5_000)
  expect((await ended).errors).toEqual(['a scrape failed: Error: late'])
})
