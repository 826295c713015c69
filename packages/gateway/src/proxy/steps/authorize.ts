import type { RequirePlan } from '../../compile/plan.ts'
import type { Claims } from '../../domain/claims.ts'
import { hasEntry, isSearchable } from '../../domain/has-entry.ts'
import { readClaim } from '../../domain/read-claim.ts'
import type { Reject } from '../../domain/reject.ts'

type ScopeRule = RequirePlan['scopes'][number]

/** Step 14: every scope rule holds. Scopes are words in one text (RFC 6749 3.3) or a list of texts, compared exactly. */
export function authorize(claims: Claims, require: RequirePlan): Reject | undefined {
  for (const scope of require.scopes) {
    if (!holds(claims, scope)) {
      return { reason: 'scope_missing', wanted: scope.all ?? scope.any ?? [], rule: scope.rule }
    }
  }
  return undefined
}

function holds(claims: Claims, { claim, any, all }: ScopeRule): boolean {
  const value = readClaim(claims, claim)
  if (value === undefined || !isSearchable(value)) return false
  if (any !== undefined && !any.some((scope) => hasEntry(value, scope))) return false
  return all === undefined || all.every((scope) => hasEntry(value, scope))
}
