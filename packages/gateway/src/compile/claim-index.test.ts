import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../test/fixtures/compiled-plans.ts'
import { applicationOf, compiledApplicationOf } from '../../test/fixtures/requests.ts'
import type { Scalar } from '../domain/claim-rule.ts'
import { readClaim } from '../domain/read-claim.ts'
import { buildClaimIndex, type ClaimIndex } from './claim-index.ts'
import type { ApplicationPlan } from './plan.ts'

function indexOf(...plans: readonly ApplicationPlan[]): ClaimIndex {
  const slices = buildClaimIndex(plans.map(compiledApplicationOf))
  for (;;) {
    const slice = slices.next()
    if (slice.done === true) return slice.value
  }
}

const found = (index: ClaimIndex, claims: object, issuerId = 'main'): readonly string[] =>
  index.find(claimsOf(claims), issuerId).map(({ application }) => application.plan.id)

describe('the claims a set looks at', () => {
  const index = indexOf(
    applicationOf('one', [{ azp: 'billing' }, { azp: 'billing-batch' }]),
    applicationOf('two', [{ azp: 'billing', tenant: 'acme' }]),
    applicationOf('three', [{ 'realm.client': 'nested' }]),
    applicationOf('four', [{ level: 3 }, { internal: true }]),
  )

  it.each<[object, readonly string[]]>([
    [{ azp: 'billing' }, ['one']],
    [{ azp: 'billing-batch' }, ['one']],
    [{ azp: 'billing', tenant: 'acme' }, ['one', 'two']],
    [{ azp: 'billing', tenant: 'other' }, ['one']],
    [{ tenant: 'acme' }, []],
    [{ realm: { client: 'nested' } }, ['three']],
    [{ 'realm.client': 'nested' }, ['three']],
    [{ level: 3 }, ['four']],
    [{ internal: true }, ['four']],
    [{}, []],
  ])('%j: %j', (claims, expected) => {
    expect(found(index, claims)).toEqual(expected)
  })

  it.each([
    { azp: ['billing'] },
    { azp: { toString: 'billing' } },
    { azp: null },
    { azp: 'Billing' },
    { azp: 'billing ' },
    { level: '3' },
    { internal: 'true' },
    { internal: 1 },
    { level: true },
  ])('of another type or spelling matches nothing: %j', (claims) => {
    expect(found(index, claims)).toEqual([])
  })
})

describe('the issuer a set is bound to', () => {
  const bound = applicationOf('bound', [])
  const [set] = applicationOf('bound', [{ azp: 'x' }]).claimSets
  if (set === undefined) throw new Error('no set')
  const index = indexOf({ ...bound, claimSets: [{ ...set, issuerId: 'main' }] }, applicationOf('free', [{ sub: 's' }]))

  it('is the only one whose tokens match', () => {
    expect(found(index, { azp: 'x', sub: 's' }, 'main')).toEqual(['bound', 'free'])
    expect(found(index, { azp: 'x', sub: 's' }, 'other')).toEqual(['free'])
    expect(found(index, { azp: 'x' }, '__proto__')).toEqual([])
  })
})

it('finds what comparing each set with the claims finds', () => {
  const scalar = fc.oneof(fc.constantFrom<Scalar>('a', 'b', '1', 'true', '1:a'), fc.constantFrom<Scalar>(1, 2, true))
  const set = fc.dictionary(fc.constantFrom('azp', 'sub', 'tenant.id'), scalar, { minKeys: 1, maxKeys: 3 })
  const registered = fc.uniqueArray(set, {
    maxLength: 12,
    selector: (one) => JSON.stringify(Object.entries(one).sort()),
  })
  fc.assert(
    fc.property(
      registered,
      fc.dictionary(fc.constantFrom('azp', 'sub', 'tenant.id', 'other'), scalar),
      (sets, claims) => {
        const plans = sets.map((one, at) => applicationOf(`app${at}`, [one]))
        const expected = plans
          .filter(({ claimSets: [one] }) =>
            one?.match.every(({ path, value }) => readClaim(claimsOf(claims), path) === value),
          )
          .map(({ id }) => id)
        expect([...found(indexOf(...plans), claims)].sort()).toEqual(expected.sort())
      },
    ),
  )
})
