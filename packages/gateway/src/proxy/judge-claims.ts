import type { ApiPlan, RequirePlan } from '../compile/plan.ts'
import type { CompiledIssuer } from '../compile/snapshot.ts'
import { checkClaimRule } from '../domain/check-claim-rule.ts'
import type { Claims, JsonValue } from '../domain/claims.ts'
import { readClaim } from '../domain/read-claim.ts'
import type { Reject } from '../domain/reject.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { VerifiedToken } from '../domain/token.ts'
import { checkClaims } from './steps/check-claims.ts'

const nothing: RequirePlan = Object.freeze({ audiences: [], claims: [], scopes: [] })

/**
 * Step 9, whoever signed: the claims that count from here on. All of them when an issuer vouches. Of a token an application
 * signed itself only its times, audience and subject are looked at; of what it asserts beside, the API believes the
 * claims it lists in `trustSelfAsserted`, and none by default (S25).
 */
export function judgeClaims(
  { claims, token }: Pick<VerifiedToken, 'claims' | 'token'>,
  issuer: CompiledIssuer,
  plan: ApiPlan,
  require: RequirePlan,
  keyIssuer: string | undefined,
  nowMs: number,
): Result<Claims, Reject> {
  const { own } = issuer
  if (own === undefined) return checkClaims(claims, token, issuer, require, keyIssuer, nowMs)

  const checked = checkClaims(claims, token, issuer, nothing, keyIssuer, nowMs)
  if (!checked.ok) return checked
  const stranger = own.subject === undefined ? undefined : checkClaimRule(claims, own.subject)
  if (stranger !== undefined) return err(stranger)
  const believed = believedClaims(claims, plan)
  for (const rule of require.claims) {
    const refused = checkClaimRule(believed, rule)
    if (refused !== undefined) return err(refused)
  }
  return ok(believed)
}

/** Of what an application asserts of itself, by the name each is listed under, which is the name it is read by. */
export function believedClaims(claims: Claims, { access }: ApiPlan): Claims {
  const believed: Record<string, JsonValue> = Object.create(null)
  for (const path of access.kind === 'public' ? [] : access.trustSelfAsserted) {
    const value = readClaim(claims, path)
    if (value !== undefined) believed[path.text] = value
  }
  return believed
}
