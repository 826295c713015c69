import { describe, expect, it } from 'vitest'
import { createBackOff } from './back-off.ts'

describe('S22 crash loops', () => {
  it('a process that lived ten seconds is replaced at once, however often it dies', () => {
    const backOff = createBackOff()
    for (let nowMs = 0; nowMs < 1_000_000; nowMs += 20_000) {
      backOff.born(nowMs)
      expect(backOff.died(nowMs + 10_000).delayMs).toBe(0)
    }
  })

  it('early deaths wait 0, then 0.1 s doubling to 10 s, and never longer', () => {
    const backOff = createBackOff()
    const delays: number[] = []
    let nowMs = 0
    for (let death = 0; death < 12; death += 1) {
      backOff.born(nowMs)
      nowMs += 9_999
      const { delayMs } = backOff.died(nowMs)
      delays.push(delayMs)
      nowMs += delayMs
    }
    expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000])
  })

  it('a long life forgives the early deaths before it', () => {
    const backOff = createBackOff()
    for (const nowMs of [0, 1, 2, 3]) {
      backOff.born(nowMs)
      backOff.died(nowMs)
    }
    backOff.born(100)
    expect(backOff.died(60_100).delayMs).toBe(0)
    backOff.born(60_100)
    expect(backOff.died(60_101).delayMs).toBe(0)
  })

  it('the fifth death within a minute raises the alarm, the fourth does not', () => {
    const backOff = createBackOff()
    const alarms = [0, 14_000, 28_000, 42_000, 59_999].map((nowMs) => backOff.died(nowMs).alarm)
    expect(alarms).toEqual([false, false, false, false, true])
    expect(backOff.died(60_001).alarm).toBe(true)
    expect(backOff.died(200_000).alarm).toBe(false)
  })
})
