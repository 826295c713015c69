import type { Snapshot } from '../compile/snapshot.ts'
import type { CutCause } from '../domain/end-cause.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Grant } from './grant.ts'
import { authorize } from './steps/authorize.ts'
import { checkClaims } from './steps/check-claims.ts'
import { checkGrant, type GrantQuestion, grantEndsMs } from './steps/check-grant.ts'
import { type FindKeyPorts, usableKeys } from './steps/find-key.ts'
import { matchAccess } from './steps/match-api.ts'
import { checkTokenRules } from './steps/parse-token.ts'
import { resolvePolicy } from './steps/resolve-policy.ts'
import type { Trail } from './trail.ts'

/**
 * Whether a request that was let in once would be let in now, by what is known without asking anybody: the same API
 * under the same path, its rules, the issuer, the very key that vouched for the token, and the caller's policies. If it
 * would, until when in milliseconds; infinite: nothing sets an end.
 */
export function judgeAgain(
  { head, api: before, verified }: Trail,
  snapshot: Snapshot,
  keys: FindKeyPorts,
  nowMs: number,
): Result<number, CutCause> {
  const api = head === undefined ? undefined : snapshot.match(head.host, head.path)
  if (head === undefined || api === undefined || api.plan.id !== before?.plan.id) return err('configuration')
  const { webSocketKey } = head
  if (webSocketKey !== undefined && before.plan.websocket !== undefined && api.plan.websocket === undefined)
    return err('configuration')
  const matched = matchAccess(head, api, snapshot)
  if (!matched.ok) return err('configuration')
  const access = matched.value
  if (access.kind === 'public') return ok(Number.POSITIVE_INFINITY)
  const issuer = api.issuers.find(({ plan }) => plan.id === verified?.issuerId)
  if (verified === undefined || issuer === undefined || !issuer.vouchesFor(verified.iss)) return err('configuration')

  const { token } = verified
  let keyIssuer: string | undefined
  if (token !== undefined) {
    if (checkTokenRules(token, api) !== undefined) return err('configuration')
    const key = usableKeys(token, issuer, keys).find(({ thumbprint }) => thumbprint === verified.keyId)
    if (key === undefined) return err('distrusted')
    keyIssuer = key.issuer
  }
  const claims = checkClaims(verified.claims, token, issuer, access.require, keyIssuer, nowMs)
  if (!claims.ok) return err(claims.error.reason === 'token_expired' ? 'expired' : 'configuration')
  const grant = resolvePolicy(claims.value, api, snapshot.policies)
  if (!grant.ok) return err('configuration')
  const question = { head, api, claims: claims.value, issuer, nowMs }
  if (grant.value !== undefined && checkGrant(grant.value, question) !== undefined) return err('configuration')
  if (authorize(claims.value, access.require) !== undefined) return err('configuration')
  return ok(endsMs(grant.value, question))
}

/** Until when what let a request in holds, in milliseconds; infinite for a public one and where nothing sets an end. */
export function trustEndsMs({ head, api, verified, issuer, grant, exchange }: Trail): number {
  if (head === undefined || api === undefined || verified === undefined || issuer === undefined) {
    return Number.POSITIVE_INFINITY
  }
  return endsMs(grant, { head, api, claims: verified.claims, issuer, nowMs: exchange.receivedMs })
}

/** The end of the token, skew included, or of the policies, whichever is first. */
function endsMs(grant: Grant | undefined, question: GrantQuestion): number {
  const { exp } = question.claims
  const { expSkewSeconds } = question.issuer.plan
  const tokenEndsMs = typeof exp === 'number' ? (exp + expSkewSeconds) * 1000 : Number.POSITIVE_INFINITY
  return grant === undefined ? tokenEndsMs : Math.min(tokenEndsMs, grantEndsMs(grant, question))
}
