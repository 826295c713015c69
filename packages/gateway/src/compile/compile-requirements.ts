import { type ClaimRuleConfig, type ConfigPath, formatConfigPath, type RequirementsConfig } from '@jotgate/contract'
import type { ClaimRule, Scalar } from '../domain/claim-rule.ts'
import { toClaimPath } from '../domain/read-claim.ts'
import type { RequirePlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** What a token must satisfy at one place of the configuration. */
export function compileRequirements(
  require: RequirementsConfig | undefined,
  path: ConfigPath,
  problems: ProblemList,
): RequirePlan {
  if (require === undefined) return { audiences: [], claims: [], scopes: [] }
  const { audiences, claims, scopes } = require
  if (scopes !== undefined) checkScopes(scopes, [...path, 'scopes'], problems)
  checkMutableClaims(claims, [...path, 'claims'], problems)
  return {
    audiences: audiences === undefined ? [] : [{ oneOf: audiences, rule: formatConfigPath([...path, 'audiences']) }],
    claims: claims.map((claim, index) => compileClaim(claim, [...path, 'claims', index], problems)),
    scopes:
      scopes === undefined
        ? []
        : [
            {
              claim: toClaimPath(scopes.claim),
              any: scopes.any,
              all: scopes.all,
              rule: formatConfigPath([...path, 'scopes']),
            },
          ],
  }
}

function checkScopes(scopes: NonNullable<RequirementsConfig['scopes']>, path: ConfigPath, problems: ProblemList): void {
  if (scopes.any === undefined && scopes.all === undefined) {
    problems.error(path, 'scopes_empty', 'neither `any` nor `all` is written', 'name the scopes, or drop `scopes`')
  }
  for (const key of ['any', 'all'] as const) {
    for (const [index, scope] of (scopes[key] ?? []).entries()) {
      if (!/\s/.test(scope)) continue
      problems.error(
        [...path, key, index],
        'scope_form',
        'a scope has no spaces (RFC 6749 3.3)',
        'write each as an item',
      )
    }
  }
}

function compileClaim(claim: string | ClaimRuleConfig, path: ConfigPath, problems: ProblemList): ClaimRule {
  const given: ClaimRuleConfig = typeof claim === 'string' ? { path: claim } : claim
  if (typeof claim !== 'string') checkRule(claim, path, problems)
  return {
    path: toClaimPath(given.path),
    rule: formatConfigPath(path),
    equals: given.equals,
    oneOf: given.oneOf,
    contains: given.contains,
    any: given.any,
    all: given.all,
    min: given.min,
    max: given.max,
  }
}

/** A rule that says nothing, or that no token could ever satisfy, is a slip of the pen. */
function checkRule(rule: ClaimRuleConfig, path: ConfigPath, problems: ProblemList): void {
  const { path: claim, ...conditions } = rule
  if (Object.values(conditions).every((condition) => condition === undefined)) {
    const hint = `write only the name, \`${claim}\`, to ask that it is there`
    problems.error(path, 'claim_rule_empty', 'a rule without a condition', hint)
    return
  }
  const contradiction = contradictionOf(rule)
  if (contradiction !== undefined)
    problems.error(path, 'contradiction', contradiction, 'no token could satisfy this rule')
}

function contradictionOf({ equals, oneOf, contains, any, all, min, max }: ClaimRuleConfig): string | undefined {
  const ranged = min !== undefined || max !== undefined
  const listed = contains !== undefined || any !== undefined || all !== undefined
  if (min !== undefined && max !== undefined && min > max) return '`min` is above `max`'
  if (ranged && listed) return '`min` and `max` are for numbers; `contains`, `any` and `all` for lists and words'
  const values = exactValues(equals, oneOf)
  if (values === undefined) return undefined
  if (values.length === 0) return '`equals` is none of `oneOf`'
  if (listed && values.every((value) => typeof value !== 'string')) {
    return '`contains`, `any` and `all` are for lists and words, `equals` and `oneOf` name none'
  }
  if (ranged && !values.some((value) => inRange(value, min, max))) return 'the exact values lie outside `min` and `max`'
  return undefined
}

/** The values `equals` and `oneOf` leave; undefined when neither is written. */
function exactValues(equals: Scalar | undefined, oneOf: readonly Scalar[] | undefined): readonly Scalar[] | undefined {
  if (equals === undefined) return oneOf
  return oneOf === undefined || oneOf.includes(equals) ? [equals] : []
}

function inRange(value: Scalar, min: number | undefined, max: number | undefined): boolean {
  return typeof value === 'number' && value >= (min ?? value) && value <= (max ?? value)
}

/** Claims that users or administrators may change, or hand on to somebody else (security rule S27). */
export const mutableClaims: readonly string[] = ['email', 'preferred_username', 'upn', 'name']

function checkMutableClaims(claims: RequirementsConfig['claims'], path: ConfigPath, problems: ProblemList): void {
  const verified = claims.some(
    (claim) => typeof claim !== 'string' && claim.path === 'email_verified' && claim.equals === true,
  )
  for (const [index, claim] of claims.entries()) {
    if (typeof claim === 'string' || !mutableClaims.includes(claim.path)) continue
    const at = [...path, index]
    if (claim.path === 'email' && !verified) {
      const hint = 'add `{ path: email_verified, equals: true }`, or decide by `sub`'
      problems.error(at, 'email_unverified', 'an address nobody verified decides who may call', hint)
    } else {
      const message = `\`${claim.path}\` can change hands and decides who may call`
      problems.warn(at, 'mutable_claim', message, 'decide by `sub` or a role')
    }
  }
}
