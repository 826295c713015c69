import { goesWithoutToken } from '../compile/goes-without-token.ts'
import { identifyOf } from '../compile/identify-of.ts'
import type { CompiledApi, EffectiveAccess, Snapshot } from '../compile/snapshot.ts'
import { tokenRuleOf } from '../compile/token-rule-of.ts'
import type { Claims, JsonValue } from '../domain/claims.ts'
import type { CutCause } from '../domain/end-cause.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Grant } from './grant.ts'
import type { RequestHead } from './head/request-head.ts'
import { judgeClaims } from './judge-claims.ts'
import { authorize } from './steps/authorize.ts'
import { checkGrant, type GrantQuestion, grantEndsMs } from './steps/check-grant.ts'
import { extractApiKey } from './steps/extract-api-key.ts'
import { type FindKeyPorts, usableKeys } from './steps/find-key.ts'
import { identify } from './steps/identify.ts'
import { matchAccess } from './steps/match-api.ts'
import { checkTokenRules } from './steps/parse-token.ts'
import { resolvePolicy } from './steps/resolve-policy.ts'
import { ownSigner } from './steps/select-trust.ts'
import type { Trail } from './trail.ts'

/**
 * Whether a request that was let in once would be let in now, by what is known without asking anybody: the same API
 * under the same path, its rules, the issuer, the very key that vouched for the token, the same
 * application by credentials in the same places, and its policies. If it
 * would, until when in milliseconds; infinite: nothing sets an end.
 */
export function judgeAgain(
  trail: Trail,
  snapshot: Snapshot,
  keys: FindKeyPorts,
  nowMs: number,
): Result<number, CutCause> {
  const { head, api: before, verified } = trail
  const api = head === undefined ? undefined : snapshot.match(head.host, head.path)
  if (head === undefined || api === undefined || api.plan.id !== before?.plan.id) return err('configuration')
  const { webSocketKey } = head
  if (webSocketKey !== undefined && before.plan.websocket !== undefined && api.plan.websocket === undefined)
    return err('configuration')
  const matched = matchAccess(head, api, snapshot)
  if (!matched.ok) return err('configuration')
  const access = matched.value
  if (access.kind === 'public') return ok(Number.POSITIVE_INFINITY)
  if (!isKeyWhereItWas(trail, head, before, api)) return err('configuration')
  if (verified === undefined) return judgeWithoutToken(trail, api, access, snapshot, nowMs)
  const issuer =
    verified.voucher === 'application'
      ? ownSigner(verified.iss, api, snapshot.signers)
      : api.issuers.find(({ plan }) => plan.id === verified.issuerId)
  if (issuer?.plan.id !== verified.issuerId || !issuer.vouchesFor(verified.iss)) return err('configuration')

  const { token } = verified
  let keyIssuer: string | undefined
  if (token !== undefined) {
    if (checkTokenRules(token, api) !== undefined) return err('configuration')
    const key = usableKeys(token, issuer, keys).find(({ thumbprint }) => thumbprint === verified.keyId)
    if (key === undefined) return err('distrusted')
    keyIssuer = key.issuer
  }
  const claims = judgeClaims(verified, issuer, api.plan, access.require, keyIssuer, nowMs)
  if (!claims.ok) return err(claims.error.reason === 'token_expired' ? 'expired' : 'configuration')
  if (authorize(claims.value, access.require) !== undefined) return err('configuration')
  return judgeCaller(trail, claims.value, { head, api, iat: verified.claims.iat, issuer, nowMs }, snapshot)
}

/** Whether an API key is still looked for where it was, or else there was none and is none where it is looked for now. */
function isKeyWhereItWas(trail: Trail, head: RequestHead, before: CompiledApi, api: CompiledApi): boolean {
  const [was, is] = [identifyOf(before.plan)?.apiKey, identifyOf(api.plan)?.apiKey]
  if (was?.kind === is?.kind && was?.name === is?.name) return true
  const shown = extractApiKey(head, api)
  return trail.apiKeyHash === undefined && shown.ok && shown.value === undefined
}

/** The same of a request that needed no token. */
function judgeWithoutToken(
  trail: Trail,
  api: CompiledApi,
  access: EffectiveAccess,
  snapshot: Snapshot,
  nowMs: number,
): Result<number, CutCause> {
  const { head, withoutToken, apiKeyHash } = trail
  if (head === undefined || !withoutToken || !goesWithoutToken(api.plan, apiKeyHash !== undefined)) {
    return err('configuration')
  }
  if (tokenRuleOf(access.require) !== undefined) return err('configuration')
  return judgeCaller(trail, {}, { head, api, iat: undefined, issuer: undefined, nowMs }, snapshot)
}

/** Whether it is the same application, with policies that let it in. */
function judgeCaller(
  trail: Trail,
  claims: Claims,
  question: GrantQuestion,
  snapshot: Snapshot,
): Result<number, CutCause> {
  const { api, nowMs } = question
  const application = identify(trail, api, snapshot, nowMs)
  if (!application.ok) return err(application.error.reason === 'api_key_expired' ? 'expired' : 'configuration')
  if (application.value?.plan.id !== trail.application?.plan.id) return err('configuration')
  const grant = resolvePolicy(claims, api, application.value, snapshot.policies)
  if (!grant.ok) return err('configuration')
  if (grant.value !== undefined && checkGrant(grant.value, question) !== undefined) return err('configuration')
  return ok(endsMs(grant.value, question, trail.verified?.claims.exp, keyEndsMs(trail, snapshot)))
}

/** When the API key of a request ends; infinite: it has none, or one without an end. */
function keyEndsMs({ apiKeyHash }: Trail, { apiKeys }: Snapshot): number {
  const key = apiKeyHash === undefined ? undefined : apiKeys.get(apiKeyHash)
  return key?.plan.validUntilMs ?? Number.POSITIVE_INFINITY
}

/** Until when what let a request in holds, in milliseconds; infinite for a public one and where nothing sets an end. */
export function trustEndsMs(trail: Trail): number {
  const { head, api, verified, withoutToken, issuer, grant, exchange, snapshot } = trail
  if (head === undefined || api === undefined || (verified === undefined && !withoutToken)) {
    return Number.POSITIVE_INFINITY
  }
  const question = { head, api, iat: verified?.claims.iat, issuer, nowMs: exchange.receivedMs }
  return endsMs(grant, question, verified?.claims.exp, keyEndsMs(trail, snapshot))
}

/** The end of the token, skew included, of the API key, or of the policies, whichever is first. */
function endsMs(grant: Grant | undefined, question: GrantQuestion, exp: JsonValue | undefined, keyMs: number): number {
  const skewSeconds = question.issuer?.plan.expSkewSeconds ?? 0
  const tokenMs = typeof exp === 'number' ? (exp + skewSeconds) * 1000 : Number.POSITIVE_INFINITY
  const grantMs = grant === undefined ? Number.POSITIVE_INFINITY : grantEndsMs(grant, question)
  return Math.min(tokenMs, keyMs, grantMs)
}
