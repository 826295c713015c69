import type { CompiledIssuer } from '../../compile/snapshot.ts'
import type { Algorithm } from '../../domain/algorithm.ts'
import type { Claims } from '../../domain/claims.ts'
import type { KeyRecord } from '../../domain/key.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { UnverifiedToken, VerifiedToken } from '../../domain/token.ts'
import type { FailedTokens } from '../../state/failed-tokens.ts'
import { overBudget, type VerificationBudget } from '../../state/verification-budget.ts'
import { type CachedToken, flatCopy, keptClaims, type TokenCache } from '../token-cache.ts'

/** What verification may touch beyond the token and its keys. */
export interface VerifyPorts {
  /** The cryptography (`keys/verify-signature`); the exact signature length is checked there before any of it. */
  readonly verify: (record: KeyRecord, algorithm: Algorithm, token: UnverifiedToken) => boolean
  readonly cache: TokenCache
  readonly failed: FailedTokens
  readonly budget: VerificationBudget
  readonly onVerification: (issuer: CompiledIssuer, algorithm: Algorithm, valid: boolean) => void
  /** `explain` asks without charging, admitting or remembering anything. */
  readonly peek: boolean
}

/** A token trusted under a key, and its place in the cache when it has one. */
export interface Verification {
  readonly verified: VerifiedToken
  readonly cached: CachedToken | undefined
  /** The key's own `issuer` member, for multi-tenant key sets (S3). */
  readonly keyIssuer: string | undefined
}

/**
 * Step 8. The only place where a `VerifiedToken` is made from a signature. A token already verified under one of the
 * keys that count now costs nothing; otherwise failures are bounded per address and issuer before any crypto (S8).
 */
export function verifySignature(
  token: UnverifiedToken,
  issuer: CompiledIssuer,
  keys: readonly KeyRecord[],
  cached: CachedToken | undefined,
  ports: VerifyPorts,
  address: string,
  nowMs: number,
): Result<Verification, Reject> {
  if (cached !== undefined && cached.verified.issuerId === issuer.plan.id) {
    for (const key of keys) {
      if (key.thumbprint === cached.verified.keyId) {
        return ok({ verified: cached.verified, cached, keyIssuer: key.issuer })
      }
    }
  }
  const scope = ports.budget.exhausted(address, issuer.plan.id, nowMs)
  if (scope !== undefined) return err(overBudget(scope))
  let failures = 0
  for (const key of keys) {
    if (ports.failed.has(token.compact, key.thumbprint)) continue
    const valid = ports.verify(key, token.algorithm, token)
    if (!ports.peek) ports.onVerification(issuer, token.algorithm, valid)
    if (valid) return ok(keep(token, issuer, key, ports))
    failures++
    if (!ports.peek) ports.failed.add(token.compact, key.thumbprint)
  }
  // What is charged is crypto: each key that was tried, and nothing for bytes whose failure was remembered.
  for (; failures > 0 && !ports.peek; failures--) ports.budget.charge(address, issuer.plan.id, nowMs)
  return err({ reason: 'signature_invalid', rule: `${issuer.plan.rule}.keys` })
}

function keep(token: UnverifiedToken, issuer: CompiledIssuer, key: KeyRecord, ports: VerifyPorts): Verification {
  if (ports.peek || !ports.cache.admits(token.compact)) {
    return { verified: vouch(token, token.claims, issuer, key.thumbprint), cached: undefined, keyIssuer: key.issuer }
  }
  const flat: UnverifiedToken = { ...token, compact: flatCopy(token.compact), claims: keptClaims(token.claims) }
  const verified = vouch(flat, flat.claims, issuer, key.thumbprint)
  const cached = ports.cache.put(verified, flat)
  return { verified, cached, keyIssuer: key.issuer }
}

/** A token the issuer's introspection endpoint called active (RFC 7662 2.2): trusted as if signed. */
export function vouchForIntrospected(claims: Claims, issuer: CompiledIssuer): VerifiedToken {
  return vouch(undefined, claims, issuer, undefined)
}

function vouch(
  token: UnverifiedToken | undefined,
  claims: Claims,
  issuer: CompiledIssuer,
  keyId: string | undefined,
): VerifiedToken {
  const iss = claims.iss
  // The brand exists for the type checker alone; this is the one place that sets it.
  return {
    voucher: issuer.own === undefined ? 'issuer' : 'application',
    issuerId: issuer.plan.id,
    iss: typeof iss === 'string' ? iss : undefined,
    claims,
    keyId,
    token,
  } as VerifiedToken
}
