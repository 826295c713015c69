import { describe, expect, it } from 'vitest'
import { inSlices } from './in-slices.ts'

/** Works for about a millisecond between two rests. */
function* work(steps: number, fail = false): Generator<void, number> {
  for (let step = 0; step < steps; step++) {
    const untilMs = performance.now() + 1
    while (performance.now() < untilMs);
    yield
  }
  if (fail) throw new Error('the work went wrong')
  return steps
}

describe('work in slices', () => {
  it('lets the event loop turn again and again, and answers what the work came to', async () => {
    let turns = 0
    let isOver = false
    const turn = (): void => {
      turns++
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    expect(await inSlices(work(30))).toBe(30)
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(5)
  })

  it('rejects with what the work throws', async () => {
    await expect(inSlices(work(5, true))).rejects.toThrow('the work went wrong')
  })
})
