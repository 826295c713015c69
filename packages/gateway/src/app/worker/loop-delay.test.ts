import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { watchLoopDelay } from './loop-delay.ts'

function block(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

describe('the delay of the event loop', () => {
  it('is that of the longest block since it was last asked', async () => {
    const take = watchLoopDelay()
    expect(take()).toBe(0)
    block(200)
    await sleep(50)
    block(50)
    await sleep(50)
    expect(take()).toBeGreaterThan(150)
    await sleep(50)
    expect(take()).toBeLessThan(150)
  })

  it('shows a block that only just ended, once', () => {
    const take = watchLoopDelay()
    block(200)
    expect(take()).toBeGreaterThan(150)
    expect(take()).toBeLessThan(100)
  })
})
