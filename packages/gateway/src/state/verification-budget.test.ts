import { describe, expect, it } from 'vitest'
import { addressGroup } from '../domain/address-group.ts'
import { createVerificationBudget } from './verification-budget.ts'

describe('S8: failed signature checks have a budget per address and per issuer', () => {
  it('spends the limit at once and then lets one more through each 1000 / limit ms', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 5, perIssuer: 0 }))
    for (let i = 0; i < 5; i++) {
      expect(budget.exhausted('192.0.2.1', 'a', 0)).toBeUndefined()
      budget.charge('192.0.2.1', 'a', 0)
    }
    expect(budget.exhausted('192.0.2.1', 'a', 0)).toBe('address')
    expect(budget.exhausted('192.0.2.1', 'a', 199)).toBe('address')
    expect(budget.exhausted('192.0.2.1', 'a', 200)).toBeUndefined()
  })

  it('leaves other addresses alone and counts an issuer over all of them', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 2, perIssuer: 3 }))
    budget.charge('192.0.2.1', 'a', 0)
    budget.charge('192.0.2.1', 'a', 0)
    expect(budget.exhausted('192.0.2.1', 'a', 0)).toBe('address')
    expect(budget.exhausted('192.0.2.2', 'a', 0)).toBeUndefined()
    budget.charge('192.0.2.2', 'a', 0)
    expect(budget.exhausted('192.0.2.3', 'a', 0)).toBe('issuer')
    expect(budget.exhausted('192.0.2.3', 'b', 0)).toBeUndefined()
  })

  it('is off at 0', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 0, perIssuer: 0 }))
    for (let i = 0; i < 1000; i++) budget.charge('192.0.2.1', 'a', 0)
    expect(budget.exhausted('192.0.2.1', 'a', 0)).toBeUndefined()
  })

  it('S30: a flood of fresh addresses neither grows the table nor resets a count', () => {
    const budget = createVerificationBudget(() => ({ perAddress: 1, perIssuer: 0 }))
    budget.charge('192.0.2.1', 'a', 0)
    for (let i = 0; i < 100_000; i++) budget.charge(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 'a', 0)
    expect(budget.size()).toBeLessThanOrEqual(65_537)
    expect(budget.exhausted('192.0.2.1', 'a', 0)).toBe('address')
    expect(budget.exhausted('203.0.113.9', 'a', 0)).toBe('address')
    expect(budget.exhausted('203.0.113.9', 'a', 200_000_000)).toBeUndefined()
  })
})

describe('addressGroup', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('%s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group)
  })
})
