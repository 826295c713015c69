import type { GrantsPlan } from '../compile/plan.ts'
import type { CompiledApi, CompiledApplication } from '../compile/snapshot.ts'
import type { ClaimPath } from '../domain/claim-path.ts'
import type { Claims } from '../domain/claims.ts'
import { readClaim } from '../domain/read-claim.ts'
import type { Reject } from '../domain/reject.ts'
import { err, ok, type Result } from '../domain/result.ts'

/** Which policies somebody says a caller has. Whether they exist is not asked yet. */
export interface NamedPolicies {
  readonly ids: readonly string[]
  /** Who says so. */
  readonly by: 'claim' | 'subscription' | 'default'
  /** The caller's scopes, which may add some; undefined: there is no such claim, or scopes add none here. */
  readonly scopes: readonly string[] | undefined
}

const nothingNamed: Result<undefined, Reject> = ok(undefined)

/** The policies the policy claim names, else those of the application's subscription, else the API's defaults. */
export function namePolicies(
  claims: Claims,
  plan: GrantsPlan,
  api: CompiledApi,
  application: CompiledApplication | undefined,
): Result<NamedPolicies, Reject> {
  const named = plan.claim === undefined ? nothingNamed : readNames(claims, plan.claim, `${plan.rule}.claim`)
  if (!named.ok) return named
  const held =
    plan.scopes === undefined ? nothingNamed : readScopes(claims, plan.scopes.claim, `${plan.scopes.rule}.claim`)
  if (!held.ok) return held
  const scopes = held.value
  if (named.value !== undefined) return ok({ ids: named.value, by: 'claim', scopes })
  const subscribed = application?.subscriptions.get(api.plan.id)?.policies ?? []
  if (subscribed.length > 0) return ok({ ids: subscribed, by: 'subscription', scopes })
  return ok({ ids: defaultsOf(plan, scopes), by: 'default', scopes })
}

function defaultsOf({ defaults, scopes }: GrantsPlan, held: readonly string[] | undefined): readonly string[] {
  return held !== undefined && scopes?.keepDefaults === false ? [] : defaults
}

/** Policy ids: one, or a list. An empty text or list names none. */
function readNames(claims: Claims, path: ClaimPath, rule: string): Result<readonly string[] | undefined, Reject> {
  const value = readClaim(claims, path)
  if (value === undefined || value === '') return nothingNamed
  if (typeof value === 'string') return ok([value])
  if (!isTexts(value)) return err({ reason: 'claim_mismatch', claim: path.text, wanted: 'a text, or texts', rule })
  return ok(value.length === 0 ? undefined : value)
}

/** Words between spaces (RFC 6749 3.3), or a list whose entries are not split. */
function readScopes(claims: Claims, path: ClaimPath, rule: string): Result<readonly string[] | undefined, Reject> {
  const value = readClaim(claims, path)
  if (value === undefined) return nothingNamed
  if (typeof value === 'string') return ok(value.split(' '))
  return isTexts(value)
    ? ok(value)
    : err({ reason: 'claim_mismatch', claim: path.text, wanted: 'words, or a list of texts', rule })
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
