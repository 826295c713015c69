import { describe, expect, it } from 'vitest'
import { createRefetcher } from '../../src/keys/jwks/refetcher.ts'
import { createVerificationBudget } from '../../src/state/verification-budget.ts'

describe('a clock that is set back', () => {
  const hourMs = 3_600_000

  it('does not leave an address or an issuer out of budget until it has caught up', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 50, perIssuer: 1000 }))
    budget.charge('192.0.2.1', 'a', hourMs)
    expect(budget.exhausted('192.0.2.1', 'a', 0)).toBeUndefined()
    for (let failure = 0; failure < 50; failure++) budget.charge('192.0.2.1', 'a', 0)
    expect(budget.exhausted('192.0.2.1', 'a', 0)).toBe('address')
    expect(budget.exhausted('192.0.2.1', 'a', 1000)).toBeUndefined()
  })

  it('is not what a request looks like that waited for a provider and comes late: it forgives nobody', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 50, perIssuer: 0 }))
    for (let failure = 0; failure < 50; failure++) budget.charge('192.0.2.1', 'a', hourMs)
    expect(budget.exhausted('192.0.2.1', 'a', hourMs - 30_000)).toBe('address')
    budget.charge('192.0.2.1', 'a', hourMs - 30_000)
    expect(budget.exhausted('192.0.2.1', 'a', hourMs)).toBe('address')
  })

  it('leaves room for new addresses in a table that was full before', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 1, perIssuer: 0 }))
    for (let i = 0; i < 70_000; i++) budget.charge(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 'a', hourMs)
    budget.charge('192.0.2.1', 'a', 0)
    expect([budget.size(), budget.exhausted('192.0.2.2', 'a', 0)]).toEqual([1, undefined])
  })

  it('does not leave a new key unasked for until it has caught up', async () => {
    let nowMs = hourMs
    let asked = 0
    const refetcher = createRefetcher({
      requestRefetch: async () => {
        asked++
        return 5000
      },
      nowMs: () => nowMs,
      startTimer: () => () => undefined,
    })
    const refetch = (): Promise<void> => refetcher.refetch('a', 'new', () => false)
    await refetch()
    await refetch()
    expect(asked).toBe(1)
    nowMs = 0
    await refetch()
    expect(asked).toBe(2)
  })

  it('asks again a question that control never answered', async () => {
    let nowMs = hourMs
    let asked = 0
    const timers: (() => void)[] = []
    const refetcher = createRefetcher({
      requestRefetch: () => {
        asked++
        return new Promise(() => undefined)
      },
      nowMs: () => nowMs,
      startTimer: (_delayMs, run) => {
        timers.push(run)
        return () => undefined
      },
    })
    for (const kid of ['one', 'two']) {
      const waited = refetcher.refetch('a', kid, () => false)
      for (const run of timers) run()
      await waited
      nowMs = 0
    }
    expect(asked).toBe(2)
  })
})
