import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../test/fixtures/compiled-plans.ts'
import { checkClaimRule } from './check-claim-rule.ts'
import type { ClaimRule, Scalar } from './claim-rule.ts'
import { toClaimPath } from './read-claim.ts'

type Conditions = Partial<Omit<ClaimRule, 'path' | 'rule'>>

function ruleOf(conditions: Conditions): ClaimRule {
  return {
    path: toClaimPath('c'),
    rule: 'apis.orders.access.require.claims[0]',
    equals: undefined,
    oneOf: undefined,
    contains: undefined,
    any: undefined,
    all: undefined,
    min: undefined,
    max: undefined,
    ...conditions,
  }
}

function verdict(value: unknown, conditions: Conditions): string {
  return checkClaimRule(claimsOf({ c: value }), ruleOf(conditions))?.reason ?? 'holds'
}

describe('checkClaimRule', () => {
  it.each<[unknown, Conditions, string]>([
    ['x', {}, 'holds'],
    [false, {}, 'holds'],
    [null, {}, 'claim_missing'],
    ['gold', { equals: 'gold' }, 'holds'],
    ['Gold', { equals: 'gold' }, 'claim_mismatch'],
    [1, { equals: '1' }, 'claim_mismatch'],
    ['1', { equals: 1 }, 'claim_mismatch'],
    ['true', { equals: true }, 'claim_mismatch'],
    [0, { equals: false }, 'claim_mismatch'],
    [['gold'], { equals: 'gold' }, 'claim_mismatch'],
    ['silver', { oneOf: ['gold', 'silver'] }, 'holds'],
    [2, { oneOf: [1, 2] }, 'holds'],
    [['gold'], { oneOf: ['gold'] }, 'claim_mismatch'],
    [['a', 'b'], { contains: 'b' }, 'holds'],
    [['a', 1], { contains: '1' }, 'claim_mismatch'],
    ['read write', { contains: 'write' }, 'holds'],
    ['read write', { contains: 'rite' }, 'claim_mismatch'],
    ['readwrite read', { contains: 'read' }, 'holds'],
    ['read write', { contains: 'read write' }, 'claim_mismatch'],
    [['read write'], { contains: 'read write' }, 'holds'],
    [['read write'], { contains: 'read' }, 'claim_mismatch'],
    ['read  write', { contains: '' }, 'claim_mismatch'],
    ['read\twrite', { contains: 'read' }, 'claim_mismatch'],
    ['1 2', { contains: 1 }, 'claim_mismatch'],
    [7, { contains: 7 }, 'claim_invalid'],
    [{ admin: true }, { contains: 'admin' }, 'claim_invalid'],
    [['a'], { any: ['a', 'z'] }, 'holds'],
    ['a b', { any: ['y', 'b'] }, 'holds'],
    [['a'], { any: ['y', 'z'] }, 'claim_mismatch'],
    [[], { any: ['a'] }, 'claim_mismatch'],
    [['a', 'b', 'c'], { all: ['a', 'c'] }, 'holds'],
    ['a b', { all: ['a', 'c'] }, 'claim_mismatch'],
    [5, { min: 5 }, 'holds'],
    [4.9, { min: 5 }, 'claim_mismatch'],
    [5, { max: 5 }, 'holds'],
    [5.1, { max: 5 }, 'claim_mismatch'],
    ['5', { min: 1 }, 'claim_invalid'],
    [true, { max: 1 }, 'claim_invalid'],
    [3, { min: 1, max: 2 }, 'claim_mismatch'],
    [['a', 'b'], { contains: 'a', all: ['b', 'c'] }, 'claim_mismatch'],
  ])('a claim of %j under %j: %s', (value, conditions, expected) => {
    expect(verdict(value, conditions)).toBe(expected)
  })

  it('an absent claim is missing, and says which line asked', () => {
    expect(checkClaimRule(claimsOf({}), ruleOf({ equals: 'x' }))).toEqual({
      reason: 'claim_missing',
      claim: 'c',
      rule: 'apis.orders.access.require.claims[0]',
    })
  })

  it('a mismatch says what was wanted, never what the claim was', () => {
    const refused = checkClaimRule(claimsOf({ c: 'hunter2' }), ruleOf({ oneOf: ['gold', 'silver'] }))
    expect(refused).toMatchObject({ reason: 'claim_mismatch', wanted: 'one of "gold", "silver"' })
    expect(JSON.stringify(refused)).not.toContain('hunter2')
  })

  it('a long list of wanted values is named in part', () => {
    const wanted = Array.from({ length: 1000 }, (_, at) => at)
    expect(checkClaimRule(claimsOf({ c: 'x' }), ruleOf({ oneOf: wanted }))).toMatchObject({
      wanted: 'one of 0, 1, 2, 3, 4, 5, 6, 7 and 992 more',
    })
  })

  const scalar: fc.Arbitrary<Scalar> = fc.oneof(
    fc.constantFrom('a', 'b', 'c', '1', 'true', ''),
    fc.constantFrom(1, 2),
    fc.boolean(),
  )

  it('over lists, contains, any and all agree with the sets they are named after', () => {
    fc.assert(
      fc.property(
        fc.array(scalar, { maxLength: 5 }),
        fc.array(scalar, { minLength: 1, maxLength: 4 }),
        (has, wants) => {
          const set = new Set(has)
          expect(verdict(has, { all: wants }) === 'holds').toBe(wants.every((want) => set.has(want)))
          expect(verdict(has, { any: wants }) === 'holds').toBe(wants.some((want) => set.has(want)))
          for (const want of wants) expect(verdict(has, { contains: want }) === 'holds').toBe(set.has(want))
        },
      ),
    )
  })

  it('over text, words are what lies between spaces', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 12 })
    fc.assert(
      fc.property(word, word, (text, want) => {
        expect(verdict(text, { contains: want }) === 'holds').toBe(want !== '' && text.split(' ').includes(want))
      }),
      { numRuns: 2000 },
    )
  })
})
