import type { IssuerPlan, RequirePlan } from '../../compile/plan.ts'
import type { CompiledIssuer } from '../../compile/snapshot.ts'
import { checkClaimRule } from '../../domain/check-claim-rule.ts'
import { type ClaimFacts, readClaimFacts } from '../../domain/claim-facts.ts'
import type { Claims } from '../../domain/claims.ts'
import { checkTenant } from '../../domain/match-issuer.ts'
import { readClaim } from '../../domain/read-claim.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { UnverifiedToken } from '../../domain/token.ts'
import { checkIntrospectedKind } from '../../domain/token-kind.ts'
import { checkTimes } from './check-times.ts'

export { isClearlyExpired } from './check-times.ts'

/**
 * Step 9: everything claims must satisfy now. It runs for every request, cached token or not (S9): times, identities,
 * tenant, audiences, required claims, custom rules; the first that fails is the reason. `token` is undefined for
 * claims an introspection endpoint answered; `keyIssuer` is the verifying key's own `issuer` member, if any.
 */
export function checkClaims(
  claims: Claims,
  token: UnverifiedToken | undefined,
  issuer: CompiledIssuer,
  require: RequirePlan,
  keyIssuer: string | undefined,
  nowMs: number,
): Result<Claims, Reject> {
  const { plan } = issuer
  const facts = token === undefined ? readClaimFacts(claims) : ok(token.facts)
  if (!facts.ok) return err({ reason: 'claim_invalid', ...facts.error })
  const refused =
    checkTimes(facts.value, plan, nowMs) ??
    checkIdentities(facts.value) ??
    checkKind(facts.value, claims, token, plan) ??
    checkIssuer(facts.value.iss, claims, token, issuer, keyIssuer) ??
    checkAudiences(facts.value.aud, plan, require) ??
    checkPresence(claims, token, plan) ??
    checkRules(claims, require)
  return refused === undefined ? ok(claims) : err(refused)
}

/** Texts that name somebody must be fit to be logged, compared and forwarded (S10). */
function checkIdentities({ unfit }: ClaimFacts): Reject | undefined {
  return unfit === undefined ? undefined : { reason: 'claim_invalid', ...unfit }
}

/** A JWT's kind was checked in step 6, before its keys were looked up. */
function checkKind(
  facts: ClaimFacts,
  claims: Claims,
  token: UnverifiedToken | undefined,
  plan: IssuerPlan,
): Reject | undefined {
  if (token !== undefined) return undefined
  const fault = checkIntrospectedKind(facts, claims.token_type, plan.accept)
  return fault === undefined ? undefined : { ...fault, rule: `${plan.rule}.accept` }
}

function checkIssuer(
  iss: string | undefined,
  claims: Claims,
  token: UnverifiedToken | undefined,
  issuer: CompiledIssuer,
  keyIssuer: string | undefined,
): Reject | undefined {
  // A JWT was matched in step 6. An introspection answer need not name `iss` (RFC 7662 2.2) but may not contradict;
  // of an issuer with tenants nothing else says whose token it is.
  if (token === undefined) {
    if (iss === undefined && issuer.plan.match.kind !== 'pattern') return undefined
    if (!issuer.vouchesFor(iss)) return { reason: 'issuer_untrusted', iss, rule: `${issuer.plan.rule}.issuer` }
  }
  if (checkTenant(issuer.plan.match, iss, claims, keyIssuer)) return undefined
  return { reason: 'issuer_untrusted', iss, rule: `${issuer.plan.rule}.tenantClaim` }
}

function checkAudiences(aud: ClaimFacts['aud'], plan: IssuerPlan, require: RequirePlan): Reject | undefined {
  if (plan.audiences !== undefined && !isFor(aud, plan.audiences)) {
    return { reason: 'audience_mismatch', wanted: plan.audiences, rule: `${plan.rule}.audiences` }
  }
  for (const { oneOf, rule } of require.audiences) {
    if (!isFor(aud, oneOf)) return { reason: 'audience_mismatch', wanted: oneOf, rule }
  }
  return undefined
}

function isFor(aud: ClaimFacts['aud'], accepted: readonly string[]): boolean {
  if (aud === undefined) return false
  return typeof aud === 'string' ? accepted.includes(aud) : aud.some((entry) => accepted.includes(entry))
}

// RFC 9068 2.2. An introspection answer is no such token and names what its server chooses to.
const rfc9068Claims = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'] as const

function checkPresence(claims: Claims, token: UnverifiedToken | undefined, plan: IssuerPlan): Reject | undefined {
  for (const path of plan.requireClaims) {
    const value = readClaim(claims, path)
    if (value === undefined || value === null) return missing(path.text, `${plan.rule}.requireClaims`)
  }
  if (plan.accept !== 'rfc9068' || token === undefined) return undefined
  for (const claim of rfc9068Claims) if (claims[claim] === undefined) return missing(claim, `${plan.rule}.accept`)
  return undefined
}

function checkRules(claims: Claims, require: RequirePlan): Reject | undefined {
  for (const rule of require.claims) {
    const refused = checkClaimRule(claims, rule)
    if (refused !== undefined) return refused
  }
  return undefined
}

function missing(claim: string, rule: string): Reject {
  return { reason: 'claim_missing', claim, rule }
}
