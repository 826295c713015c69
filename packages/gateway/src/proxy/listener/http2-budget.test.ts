import { describe, expect, it } from 'vitest'
import { createBudget } from './http2-budget.ts'

describe('a budget', () => {
  it('gives its burst at once, then its rate, and never saves up more than the burst', () => {
    const budget = createBudget({ burst: 3, perSecond: 2 })
    const spent = (nowMs: number, times: number): number =>
      Array.from({ length: times }, () => budget.spend(nowMs)).filter(Boolean).length
    expect(spent(1_000, 10)).toBe(3)
    expect(spent(1_499, 10)).toBe(0)
    expect(spent(2_000, 10)).toBe(2)
    expect(spent(1_000_000, 10)).toBe(3)
  })

  it('a clock that goes back gives nothing', () => {
    const budget = createBudget({ burst: 1, perSecond: 1 })
    expect(budget.spend(5_000)).toBe(true)
    expect(budget.spend(1_000)).toBe(false)
  })
})
