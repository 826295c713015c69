import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { watchLoopDelay } from './loop-delay.ts'

describe('the delay of the event loop', () => {
  it('is that of the longest block since it was last asked, and an idle process has next to none', async () => {
    const take = watchLoopDelay()
    expect(take()).toBe(0)
    await sleep(50)
    const untilMs = performance.now() + 200
    while (performance.now() < untilMs);
    await sleep(50)
    expect(take()).toBeGreaterThan(150)
    await sleep(100)
    expect(take()).toBeLessThan(100)
  })
})
