import { grantsOf } from '../../compile/grants-of.ts'
import type { CompiledApi, CompiledApplication, CompiledPolicy, Snapshot } from '../../compile/snapshot.ts'
import type { Claims } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Grant } from '../grant.ts'
import { namePolicies } from '../name-policies.ts'

const nothingAsked: Result<undefined, Reject> = ok(undefined)

/**
 * Step 13: which policies the caller has here: those `namePolicies` finds, and those its scopes add. Made of token and
 * configuration on each request, so a change of either holds from the next one on. A policy that does not exist refuses;
 * it is never replaced by a default. Undefined: this API asks for none.
 */
export function resolvePolicy(
  claims: Claims,
  api: CompiledApi,
  application: CompiledApplication | undefined,
  policies: Snapshot['policies'],
): Result<Grant | undefined, Reject> {
  const plan = grantsOf(api.plan)
  if (plan === undefined) return nothingAsked

  const named = namePolicies(claims, plan, api, application)
  if (!named.ok) return named
  const ids = new Set(named.value.ids)
  for (const scope of named.value.scopes ?? []) for (const id of api.scopePolicies?.get(scope) ?? []) ids.add(id)
  if (ids.size === 0) return err({ reason: 'no_policy', rule: plan.rule })

  const found: CompiledPolicy[] = []
  for (const id of [...ids].sort()) {
    const policy = policies.get(id)
    if (policy === undefined) return err({ reason: 'policy_unknown', policy: id, rule: plan.rule })
    found.push(policy)
  }
  return ok({ policies: found, merge: plan.merge, rule: plan.rule })
}
