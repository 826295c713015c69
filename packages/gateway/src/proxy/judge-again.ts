import type { Snapshot } from '../compile/snapshot.ts'
import type { CutCause } from '../domain/end-cause.ts'
import { authorize } from './steps/authorize.ts'
import { checkClaims } from './steps/check-claims.ts'
import { type FindKeyPorts, usableKeys } from './steps/find-key.ts'
import { matchAccess } from './steps/match-api.ts'
import { checkTokenRules } from './steps/parse-token.ts'
import type { Trail } from './trail.ts'

/**
 * Whether a request that was let in once would be let in now, by what is known without asking anybody: the same API
 * under the same path, its rules, the issuer, and the very key that vouched for the token. Undefined: it would.
 */
export function judgeAgain(
  { head, api: before, verified }: Trail,
  snapshot: Snapshot,
  keys: FindKeyPorts,
  nowMs: number,
): CutCause | undefined {
  const api = head === undefined ? undefined : snapshot.match(head.host, head.path)
  if (head === undefined || api === undefined || api.plan.id !== before?.plan.id) return 'configuration'
  const { webSocketKey } = head
  if (webSocketKey !== undefined && before.plan.websocket !== undefined && api.plan.websocket === undefined)
    return 'configuration'
  const matched = matchAccess(head, api, snapshot)
  if (!matched.ok) return 'configuration'
  const access = matched.value
  if (access.kind === 'public') return undefined
  const issuer = api.issuers.find(({ plan }) => plan.id === verified?.issuerId)
  if (verified === undefined || issuer === undefined || !issuer.vouchesFor(verified.iss)) return 'configuration'

  const { token } = verified
  let keyIssuer: string | undefined
  if (token !== undefined) {
    if (checkTokenRules(token, api) !== undefined) return 'configuration'
    const key = usableKeys(token, issuer, keys).find(({ thumbprint }) => thumbprint === verified.keyId)
    if (key === undefined) return 'distrusted'
    keyIssuer = key.issuer
  }
  const claims = checkClaims(verified.claims, token, issuer, access.require, keyIssuer, nowMs)
  if (!claims.ok) return claims.error.reason === 'token_expired' ? 'expired' : 'configuration'
  return authorize(claims.value, access.require) === undefined ? undefined : 'configuration'
}

/** When the token of a request that was let in ends, skew included; infinite for a public one and without `exp`. */
export function tokenEndsMs({ verified, issuer }: Trail): number {
  const exp = verified?.claims.exp
  if (typeof exp !== 'number' || issuer === undefined) return Number.POSITIVE_INFINITY
  return (exp + issuer.plan.expSkewSeconds) * 1000
}
