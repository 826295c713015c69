import type { ClaimRule, Scalar } from './claim-rule.ts'
import type { Claims, JsonValue } from './claims.ts'
import { hasEntry, isSearchable } from './has-entry.ts'
import { readClaim } from './read-claim.ts'
import type { Reject } from './reject.ts'

/** What a claim rule refuses with. */
export type ClaimReject = Extract<Reject, { reason: 'claim_missing' | 'claim_mismatch' | 'claim_invalid' }>

/**
 * Checks one custom rule: the claim is present (`null` is not) and every condition written holds. Types are never
 * converted; a list of words in one text counts as a list for `contains`, `any` and `all` (RFC 6749 3.3).
 */
export function checkClaimRule(claims: Claims, rule: ClaimRule): ClaimReject | undefined {
  const value = readClaim(claims, rule.path)
  if (value === undefined || value === null) {
    return { reason: 'claim_missing', claim: rule.path.text, rule: rule.rule }
  }
  return checkValue(value, rule) ?? checkEntries(value, rule) ?? checkRange(value, rule)
}

function checkValue(value: JsonValue, rule: ClaimRule): ClaimReject | undefined {
  const { equals, oneOf } = rule
  if (equals !== undefined && value !== equals) return mismatch(rule, `exactly ${quote(equals)}`)
  if (oneOf !== undefined && !includes(oneOf, value)) return mismatch(rule, `one of ${quoteAll(oneOf)}`)
  return undefined
}

function checkEntries(value: JsonValue, rule: ClaimRule): ClaimReject | undefined {
  const { contains, any, all } = rule
  if (contains === undefined && any === undefined && all === undefined) return undefined
  if (!isSearchable(value)) return { reason: 'claim_invalid', claim: rule.path.text, fault: 'not_a_list' }
  if (contains !== undefined && !hasEntry(value, contains)) return mismatch(rule, `a list with ${quote(contains)}`)
  if (any !== undefined && !any.some((wanted) => hasEntry(value, wanted))) {
    return mismatch(rule, `a list with any of ${quoteAll(any)}`)
  }
  if (all !== undefined && !all.every((wanted) => hasEntry(value, wanted))) {
    return mismatch(rule, `a list with all of ${quoteAll(all)}`)
  }
  return undefined
}

function checkRange(value: JsonValue, rule: ClaimRule): ClaimReject | undefined {
  const { min, max } = rule
  if (min === undefined && max === undefined) return undefined
  if (typeof value !== 'number') return { reason: 'claim_invalid', claim: rule.path.text, fault: 'not_a_number' }
  if (min !== undefined && value < min) return mismatch(rule, `a number of at least ${min}`)
  if (max !== undefined && value > max) return mismatch(rule, `a number of at most ${max}`)
  return undefined
}

function includes(list: readonly Scalar[], value: JsonValue): boolean {
  return (list as readonly JsonValue[]).includes(value)
}

function mismatch(rule: ClaimRule, wanted: string): ClaimReject {
  return { reason: 'claim_mismatch', claim: rule.path.text, wanted, rule: rule.rule }
}

const namedMax = 8

function quote(value: Scalar): string {
  return JSON.stringify(value)
}

function quoteAll(values: readonly Scalar[]): string {
  const named = values.slice(0, namedMax).map(quote).join(', ')
  return values.length > namedMax ? `${named} and ${values.length - namedMax} more` : named
}
