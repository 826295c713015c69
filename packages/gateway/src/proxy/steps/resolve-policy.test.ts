import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../../test/fixtures/compiled-plans.ts'
import {
  apiPlanOf,
  applicationOf,
  compiledApplicationOf,
  objectsOf,
  policyOf,
  rightOf,
} from '../../../test/fixtures/requests.ts'
import { assemble } from '../../compile/assemble.ts'
import type { ConfigObject, GrantsPlan } from '../../compile/plan.ts'
import type { CompiledApplication } from '../../compile/snapshot.ts'
import { toClaimPath } from '../../domain/read-claim.ts'
import { resolvePolicy } from './resolve-policy.ts'

const rule = 'apis.orders.access.policy'

function grantsOf(overrides: Partial<GrantsPlan> = {}): GrantsPlan {
  return { rule, claim: toClaimPath('pol'), defaults: [], merge: 'permissive', scopes: undefined, ...overrides }
}

function scopesOf(policies: Readonly<Record<string, string[]>>, keepDefaults = true, claim = 'scope') {
  const at = 'apis.orders.access.scopes'
  return { rule: at, claim: toClaimPath(claim), policies: Object.entries(policies), keepDefaults }
}

/** The ids of the policies a token with these claims has, or why it has none; there are gold, silver and bronze. */
function resolve(
  claims: object,
  grants: Partial<GrantsPlan> | undefined,
  application?: CompiledApplication,
): readonly string[] | string {
  const plan = apiPlanOf()
  if (plan.access.kind === 'public') throw new Error('protected by default')
  const access = { ...plan.access, grants: grants === undefined ? undefined : grantsOf(grants) }
  const policies = ['gold', 'silver', 'bronze'].map((id): ConfigObject => {
    const policy = policyOf(id, [rightOf()])
    return { kind: 'policy', id, hash: id, plan: policy }
  })
  const snapshot = assemble([...objectsOf([{ ...plan, access }]), ...policies], 1)
  const [api] = snapshot.apis
  if (api === undefined) throw new Error('no API')
  const grant = resolvePolicy(claimsOf(claims), api, application, snapshot.policies)
  if (!grant.ok) return 'policy' in grant.error ? `${grant.error.reason} ${grant.error.policy}` : grant.error.reason
  return grant.value === undefined ? 'nothing asked' : grant.value.policies.map((policy) => policy.plan.id)
}

describe('an API without policies', () => {
  it('asks for none, whatever the token says', () => {
    expect(resolve({ pol: 'gold' }, undefined)).toBe('nothing asked')
    expect(resolve({ pol: 7 }, undefined)).toBe('nothing asked')
  })

  it('makes nothing for a request: the answer is one and the same', () => {
    const [api] = assemble(objectsOf([apiPlanOf()]), 1).apis
    if (api === undefined) throw new Error('no API')
    const ask = (pol: string) => resolvePolicy(claimsOf({ pol }), api, undefined, new Map())
    expect(ask('gold')).toBe(ask('silver'))
  })
})

describe('the policies of a subscription', () => {
  const subscribed = (policies: readonly string[], apiId = 'orders'): CompiledApplication =>
    compiledApplicationOf(applicationOf('billing', [], { subscriptions: [{ apiId, policies }] }))

  it.each<[object, Partial<GrantsPlan>, CompiledApplication, readonly string[] | string]>([
    [{}, { defaults: ['bronze'] }, subscribed(['gold', 'silver']), ['gold', 'silver']],
    [{ pol: 'silver' }, { defaults: ['bronze'] }, subscribed(['gold']), ['silver']],
    [{ pol: 'silver' }, { claim: undefined }, subscribed(['gold']), ['gold']],
    [{ pol: 'ghost' }, {}, subscribed(['gold']), 'policy_unknown ghost'],
    [{}, { defaults: ['bronze'] }, subscribed([]), ['bronze']],
    [{}, { defaults: ['bronze'] }, subscribed(['gold'], 'elsewhere'), ['bronze']],
    [{}, {}, subscribed([]), 'no_policy'],
    [{ scope: 'admin' }, { scopes: scopesOf({ admin: ['silver'] }, false) }, subscribed(['gold']), ['gold', 'silver']],
  ])('claims %j by %j', (claims, grants, application, expected) => {
    expect(resolve(claims, grants, application)).toEqual(expected)
  })
})

describe('the policy claim', () => {
  it.each<[object, Partial<GrantsPlan>, readonly string[] | string]>([
    [{ pol: 'gold' }, {}, ['gold']],
    [{ pol: 'gold' }, { defaults: ['bronze'] }, ['gold']],
    [{ pol: ['silver', 'gold', 'silver'] }, {}, ['gold', 'silver']],
    [{}, { defaults: ['silver', 'bronze'] }, ['bronze', 'silver']],
    [{ pol: '' }, { defaults: ['bronze'] }, ['bronze']],
    [{ pol: [] }, { defaults: ['bronze'] }, ['bronze']],
    [{}, {}, 'no_policy'],
    [{ pol: '' }, {}, 'no_policy'],
    [{ plan: { id: 'gold' } }, { claim: toClaimPath('plan.id') }, ['gold']],
    [{ pol: 'gold' }, { claim: undefined, defaults: ['bronze'] }, ['bronze']],
    [{ pol: 'gold' }, { claim: undefined }, 'no_policy'],
  ])('claims %j by %j: %j', (claims, grants, expected) => {
    expect(resolve(claims, grants)).toEqual(expected)
  })

  it.each([
    [{ pol: 'platinum' }, 'policy_unknown platinum'],
    [{ pol: ['gold', 'platinum'] }, 'policy_unknown platinum'],
    [{ pol: ['gold', ''] }, 'policy_unknown '],
    [{ pol: 'Gold' }, 'policy_unknown Gold'],
    [{ pol: 'gold silver' }, 'policy_unknown gold silver'],
    [{ pol: '__proto__' }, 'policy_unknown __proto__'],
    [{ pol: 'constructor' }, 'policy_unknown constructor'],
  ])('a policy that does not exist is refused, never replaced by the default: %j', (claims, expected) => {
    expect(resolve(claims, { defaults: ['bronze'] })).toBe(expected)
  })

  it.each([7, true, null, { gold: true }, ['gold', 7], [['gold']], [null]])(
    'of the wrong type it is refused, never converted: %j',
    (pol) => {
      expect(resolve({ pol }, { defaults: ['bronze'] })).toBe('claim_mismatch')
    },
  )
})

describe('policies of scopes', () => {
  const mapped = scopesOf({ 'orders.read': ['bronze'], admin: ['gold', 'silver'] })

  it.each<[object, Partial<GrantsPlan>, readonly string[] | string]>([
    [{ scope: 'orders.read' }, { scopes: mapped }, ['bronze']],
    [{ scope: 'openid admin  orders.read' }, { scopes: mapped }, ['bronze', 'gold', 'silver']],
    [{ scope: ['admin', 'openid'] }, { scopes: mapped }, ['gold', 'silver']],
    [{ scope: ['admin orders.read'] }, { scopes: mapped }, 'no_policy'],
    [{ scope: 'openid' }, { scopes: mapped }, 'no_policy'],
    [{ scope: '' }, { scopes: mapped }, 'no_policy'],
    [{}, { scopes: mapped }, 'no_policy'],
    [
      { realm_access: { roles: ['admin'] } },
      { scopes: scopesOf({ admin: ['gold'] }, true, 'realm_access.roles') },
      ['gold'],
    ],
    [{ pol: 'silver', scope: 'orders.read' }, { scopes: mapped }, ['bronze', 'silver']],
  ])('claims %j by %j: %j', (claims, grants, expected) => {
    expect(resolve(claims, grants)).toEqual(expected)
  })

  it.each<[object, boolean, readonly string[] | string]>([
    [{ scope: 'admin' }, true, ['bronze', 'gold']],
    [{ scope: 'admin' }, false, ['gold']],
    [{ scope: 'openid' }, true, ['bronze']],
    [{ scope: 'openid' }, false, 'no_policy'],
    [{}, true, ['bronze']],
    [{}, false, ['bronze']],
    // What the token itself names is no default.
    [{ pol: 'silver', scope: 'openid' }, false, ['silver']],
    [{ pol: 'silver', scope: 'admin' }, false, ['gold', 'silver']],
  ])('claims %j with defaults kept %j: %j', (claims, keepDefaults, expected) => {
    const scopes = scopesOf({ admin: ['gold'] }, keepDefaults)
    expect(resolve(claims, { defaults: ['bronze'], scopes })).toEqual(expected)
  })

  it.each([7, true, null, { admin: true }, ['admin', 7]])('a scope claim of the wrong type is refused: %j', (scope) => {
    expect(resolve({ pol: 'gold', scope }, { defaults: ['bronze'], scopes: mapped })).toBe('claim_mismatch')
  })

  it('a scope named as a member of every object maps to nothing', () => {
    expect(resolve({ scope: 'constructor __proto__ toString' }, { scopes: mapped })).toBe('no_policy')
  })
})
