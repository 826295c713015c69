import { grantsOf } from '../../compile/grants-of.ts'
import type { GrantsPlan } from '../../compile/plan.ts'
import type { CompiledApi, CompiledApplication, CompiledPolicy, Snapshot } from '../../compile/snapshot.ts'
import type { ClaimPath } from '../../domain/claim-path.ts'
import type { Claims } from '../../domain/claims.ts'
import { readClaim } from '../../domain/read-claim.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Grant } from '../grant.ts'

const nothingAsked: Result<undefined, Reject> = ok(undefined)

/**
 * Step 13: which policies the caller has here: those the policy claim names, else those of its application's
 * subscription, else the API's defaults; and those its scopes add. Made of token and configuration on each request, so a change of either holds from the next one on. A
 * policy that does not exist refuses; it is never replaced by a default. Undefined: this API asks for none.
 */
export function resolvePolicy(
  claims: Claims,
  api: CompiledApi,
  application: CompiledApplication | undefined,
  policies: Snapshot['policies'],
): Result<Grant | undefined, Reject> {
  const plan = grantsOf(api.plan)
  if (plan === undefined) return nothingAsked

  const named = plan.claim === undefined ? ok(undefined) : readNames(claims, plan.claim, `${plan.rule}.claim`)
  if (!named.ok) return named
  const { scopes } = plan
  const held = scopes === undefined ? ok(undefined) : readScopes(claims, scopes.claim, `${scopes.rule}.claim`)
  if (!held.ok) return held

  const subscribed = application?.subscriptions.get(api.plan.id)?.policies ?? []
  const ids = new Set(named.value ?? (subscribed.length > 0 ? subscribed : defaultsOf(plan, held.value)))
  for (const scope of held.value ?? []) for (const id of api.scopePolicies?.get(scope) ?? []) ids.add(id)
  if (ids.size === 0) return err({ reason: 'no_policy', rule: plan.rule })

  const found: CompiledPolicy[] = []
  for (const id of [...ids].sort()) {
    const policy = policies.get(id)
    if (policy === undefined) return err({ reason: 'policy_unknown', policy: id, rule: plan.rule })
    found.push(policy)
  }
  return ok({ policies: found, merge: plan.merge, rule: plan.rule })
}

function defaultsOf({ defaults, scopes }: GrantsPlan, held: readonly string[] | undefined): readonly string[] {
  return held !== undefined && scopes?.keepDefaults === false ? [] : defaults
}

/** Policy ids: one, or a list. An empty text or list names none. */
function readNames(claims: Claims, path: ClaimPath, rule: string): Result<readonly string[] | undefined, Reject> {
  const value = readClaim(claims, path)
  if (value === undefined || value === '') return ok(undefined)
  if (typeof value === 'string') return ok([value])
  if (!isTexts(value)) return err({ reason: 'claim_mismatch', claim: path.text, wanted: 'a text, or texts', rule })
  return ok(value.length === 0 ? undefined : value)
}

/** Words between spaces (RFC 6749 3.3), or a list whose entries are not split. */
function readScopes(claims: Claims, path: ClaimPath, rule: string): Result<readonly string[] | undefined, Reject> {
  const value = readClaim(claims, path)
  if (value === undefined) return ok(undefined)
  if (typeof value === 'string') return ok(value.split(' '))
  return isTexts(value)
    ? ok(value)
    : err({ reason: 'claim_mismatch', claim: path.text, wanted: 'words, or a list of texts', rule })
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
