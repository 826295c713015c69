import type { IssuerPlan } from '../../compile/plan.ts'
import type { CompiledIssuer } from '../../compile/snapshot.ts'
import type { ClaimFacts } from '../../domain/claim-facts.ts'
import type { Reject } from '../../domain/reject.ts'
import type { UnverifiedToken } from '../../domain/token.ts'

/**
 * `exp`, `nbf`, `iat` (RFC 7519 4.1.4 to 4.1.6) and the longest lifetime, each with the issuer's own skew. A token is
 * good while now < exp + skew, from now + skew >= nbf and now + skew >= iat on. Parts of seconds count.
 */
export function checkTimes(facts: ClaimFacts, plan: IssuerPlan, nowMs: number): Reject | undefined {
  const { exp, nbf, iat } = facts
  const now = nowMs / 1000
  if (exp === undefined) {
    if (plan.requireExp) return { reason: 'claim_missing', claim: 'exp', rule: `${plan.rule}.requireExp` }
  } else if (now >= exp + plan.expSkewSeconds) return expired(exp, plan, now, true)
  if (nbf !== undefined && now + plan.nbfSkewSeconds < nbf) return notYetValid(nbf, plan, now)
  if (iat !== undefined && now + plan.iatSkewSeconds < iat) return issuedInFuture(iat, plan, now)
  return plan.maxLifetimeSeconds === undefined ? undefined : checkLifetime(exp, iat, plan, plan.maxLifetimeSeconds)
}

/**
 * Whether the unverified `exp` alone refuses the token before any crypto is spent on it (S8): nobody but its holder
 * loses by a forged one.
 */
export function isClearlyExpired(token: UnverifiedToken, issuer: CompiledIssuer, nowMs: number): Reject | undefined {
  const { exp } = token.facts
  const now = nowMs / 1000
  if (exp === undefined || now < exp + issuer.plan.expSkewSeconds) return undefined
  return expired(exp, issuer.plan, now, false)
}

function checkLifetime(
  exp: number | undefined,
  iat: number | undefined,
  plan: IssuerPlan,
  maxLifetimeSeconds: number,
): Reject | undefined {
  const rule = `${plan.rule}.maxLifetime`
  if (exp === undefined) return { reason: 'claim_missing', claim: 'exp', rule }
  if (iat === undefined) return { reason: 'claim_missing', claim: 'iat', rule }
  const lifetimeSeconds = exp - iat
  if (lifetimeSeconds <= maxLifetimeSeconds) return undefined
  return { reason: 'lifetime_too_long', lifetimeSeconds, maxLifetimeSeconds, rule }
}

function expired(exp: number, plan: IssuerPlan, now: number, signatureChecked: boolean): Reject {
  return {
    reason: 'token_expired',
    expSeconds: exp,
    nowSeconds: Math.floor(now),
    skewSeconds: plan.expSkewSeconds,
    signatureChecked,
    rule: `${plan.rule}.clockSkew.exp`,
  }
}

function notYetValid(nbf: number, plan: IssuerPlan, now: number): Reject {
  return {
    reason: 'token_not_yet_valid',
    nbfSeconds: nbf,
    nowSeconds: Math.floor(now),
    skewSeconds: plan.nbfSkewSeconds,
    rule: `${plan.rule}.clockSkew.nbf`,
  }
}

function issuedInFuture(iat: number, plan: IssuerPlan, now: number): Reject {
  return {
    reason: 'token_issued_in_future',
    iatSeconds: iat,
    nowSeconds: Math.floor(now),
    skewSeconds: plan.iatSkewSeconds,
    rule: `${plan.rule}.clockSkew.iat`,
  }
}
