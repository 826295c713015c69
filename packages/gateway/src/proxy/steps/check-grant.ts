import { looseReading } from '../../compile/loose-reading.ts'
import type { PolicyPlan } from '../../compile/plan.ts'
import type { CompiledApi, CompiledIssuer, CompiledPolicy } from '../../compile/snapshot.ts'
import type { JsonValue } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'
import type { Grant } from '../grant.ts'
import type { RequestHead } from '../head/request-head.ts'

/** What policies are asked about: a request, the token it came with, and the time. */
export interface GrantQuestion {
  readonly head: Pick<RequestHead, 'method' | 'path'>
  readonly api: CompiledApi
  /** The token's own word on when it was issued; undefined: it has none, or there is no token. */
  readonly iat: JsonValue | undefined
  /** Undefined: there is no token. */
  readonly issuer: CompiledIssuer | undefined
  readonly nowMs: number
}

/**
 * Step 14, the policies' part. Each policy judges the request for itself: its end, its right, the age of the token.
 * Permissive: one that lets it through is enough. Strict: all of them must. So one more policy never takes a right away
 * in the one case, and never adds one in the other.
 */
export function checkGrant(grant: Grant, question: GrantQuestion): Reject | undefined {
  const loosePath = looseReading(question.head.path)
  let nearest: Reject | undefined
  for (const policy of grant.policies) {
    const reject = judge(policy, question, loosePath, grant)
    if (reject === undefined) {
      if (grant.merge === 'permissive') return undefined
    } else if (grant.merge === 'strict') return reject
    // Whoever has the right but comes late is told so: a new token helps him.
    else if (nearest === undefined || nearest.reason === 'access_denied') nearest = reject
  }
  return nearest
}

/**
 * Until when these policies let the request through, in milliseconds: the last of them that does now, or where all
 * must the first. Infinite: nothing sets an end.
 */
export function grantEndsMs(grant: Grant, question: GrantQuestion): number {
  const loosePath = looseReading(question.head.path)
  const ends = grant.policies.flatMap((policy) =>
    judge(policy, question, loosePath, grant) === undefined ? [policyEndsMs(policy.plan, question)] : [],
  )
  return grant.merge === 'permissive' ? Math.max(...ends) : Math.min(...ends)
}

/** `loosePath`: the path as a more liberal server reads it, to which the caller must have the right as well. */
function judge(policy: CompiledPolicy, question: GrantQuestion, loosePath: string, grant: Grant): Reject | undefined {
  const { plan, allows } = policy
  const { api, issuer, nowMs } = question
  const { method, path } = question.head
  const { validUntilMs, maxTokenAgeSeconds, rule } = plan
  if (!allows(api.plan, method, path) || (loosePath !== path && !allows(api.plan, method, loosePath))) {
    return { reason: 'access_denied', policies: grant.policies.map((one) => one.plan.id), rule: grant.rule }
  }
  if (validUntilMs !== undefined && nowMs >= validUntilMs) {
    return { reason: 'policy_ended', policy: plan.id, untilMs: validUntilMs, rule: `${rule}.validUntil` }
  }
  if (maxTokenAgeSeconds === undefined) return undefined
  const at = `${rule}.maxTokenAge`
  const iat = iatOf(question)
  if (iat === undefined) return { reason: 'claim_missing', claim: 'iat', rule: at }
  if (nowMs < tooOldMs(maxTokenAgeSeconds, iat, issuer)) return undefined
  const ageSeconds = Math.floor(nowMs / 1000 - iat)
  return { reason: 'token_too_old', ageSeconds, maxAgeSeconds: maxTokenAgeSeconds, rule: at }
}

function policyEndsMs({ validUntilMs, maxTokenAgeSeconds }: PolicyPlan, question: GrantQuestion): number {
  const iat = iatOf(question)
  const ageEndsMs =
    maxTokenAgeSeconds === undefined || iat === undefined
      ? Number.POSITIVE_INFINITY
      : tooOldMs(maxTokenAgeSeconds, iat, question.issuer)
  return Math.min(validUntilMs ?? Number.POSITIVE_INFINITY, ageEndsMs)
}

function tooOldMs(maxTokenAgeSeconds: number, iat: number, issuer: CompiledIssuer | undefined): number {
  return (iat + maxTokenAgeSeconds + (issuer?.plan.iatSkewSeconds ?? 0)) * 1000
}

/** Its type was checked with the other times. */
function iatOf({ iat }: GrantQuestion): number | undefined {
  return typeof iat === 'number' ? iat : undefined
}
