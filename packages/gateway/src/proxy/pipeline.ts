import { goesWithoutToken } from '../compile/goes-without-token.ts'
import type { CompiledApi } from '../compile/snapshot.ts'
import { takesTokens } from '../compile/takes-tokens.ts'
import { tokenRuleOf } from '../compile/token-rule-of.ts'
import type { Claims } from '../domain/claims.ts'
import type { KeyRecord } from '../domain/key.ts'
import type { Reject } from '../domain/reject.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { viaHolds } from './head/via.ts'
import { judgeClaims } from './judge-claims.ts'
import { answerPreflight, type PreflightAnswer } from './steps/answer-preflight.ts'
import { authorize } from './steps/authorize.ts'
import { bindHead } from './steps/bind-head.ts'
import { isClearlyExpired } from './steps/check-claims.ts'
import { checkGrant } from './steps/check-grant.ts'
import { extractApiKey } from './steps/extract-api-key.ts'
import { extractToken, showsToken } from './steps/extract-token.ts'
import { type FindKeyPorts, findKey } from './steps/find-key.ts'
import { type ApiKeyPorts, chargeApiKey, hashApiKey } from './steps/hash-api-key.ts'
import { identify } from './steps/identify.ts'
import { type IntrospectPorts, introspect, isForIntrospection } from './steps/introspect.ts'
import { limitBody } from './steps/limit-body.ts'
import { matchAccess, matchApi } from './steps/match-api.ts'
import { checkTokenRules, parseToken } from './steps/parse-token.ts'
import { readRequest } from './steps/read-request.ts'
import { resolvePolicy } from './steps/resolve-policy.ts'
import { selectTrust } from './steps/select-trust.ts'
import { shapeFactHeaders } from './steps/shape-facts.ts'
import { shapeClaimHeaders, shapeUpstream, type UpstreamHead } from './steps/shape-upstream.ts'
import { type VerifyPorts, verifySignature, vouchForIntrospected } from './steps/verify-signature.ts'
import type { Trail } from './trail.ts'

/** What the steps that are not pure may touch. `explain` hands in ports that peek and never charge. */
export interface PipelinePorts {
  readonly keys: FindKeyPorts
  readonly verify: VerifyPorts
  readonly introspect: IntrospectPorts
  readonly apiKeys: ApiKeyPorts
  /** This installation's own name in `Via`, where the configuration gives none. */
  readonly pseudonym: string
}

/** What becomes of a request: sent on with this head, answered here, or refused. */
export type Verdict = Result<UpstreamHead | PreflightAnswer, Reject>

/**
 * The request's way from its head to the head the upstream gets, in the order of docs/lifecycle.md: the only file that
 * knows the order. Synchronous; a promise only when a key or an introspection answer must be waited for.
 */
export function decide(trail: Trail, ports: PipelinePorts): Verdict | Promise<Verdict> {
  const { exchange, snapshot } = trail

  const head = readRequest(exchange, snapshot.gateway)
  if (!head.ok) return head
  trail.head = head.value

  const match = matchApi(head.value, snapshot)
  if (!match.ok) return match
  const api = match.value
  trail.api = api
  const pseudonym = snapshot.gateway.via ?? ports.pseudonym
  if (head.value.via !== undefined && viaHolds(head.value.via, pseudonym)) return err({ reason: 'loop_detected' })

  const preflight = answerPreflight(head.value, api.plan.cors)
  if (preflight !== undefined) {
    trail.preflight = true
    return preflight
  }

  const access = matchAccess(head.value, api, snapshot)
  if (!access.ok) return access
  trail.access = access.value
  if (access.value.kind === 'public') {
    const large = limitBody(exchange.body, api.plan)
    return large === undefined ? shapeUpstream(head.value, api, '', pseudonym) : err(large)
  }

  const shown = extractApiKey(head.value, api)
  if (!shown.ok) return shown
  const hashed = hashApiKey(shown.value, ports.apiKeys, addressOf(trail), exchange.receivedMs)
  if (!hashed.ok) return hashed
  trail.apiKeyHash = hashed.value
  const isOptional = goesWithoutToken(api.plan, hashed.value !== undefined)
  if (isOptional && !takesTokens(api.plan)) return permitWithoutToken(trail, ports)

  const found = extractToken(head.value, api)
  if (!found.ok) {
    const isAbsent = found.error.reason === 'token_missing' && !showsToken(head.value, api)
    return isOptional && isAbsent ? permitWithoutToken(trail, ports) : found
  }
  trail.place = found.value.place
  const compact = found.value.token

  if (isForIntrospection(compact, api)) return judgeOpaque(trail, ports, compact)

  const cached = ports.verify.cache.find(compact)
  trail.cached = cached
  trail.lookup = cached === undefined ? 'miss' : 'hit'
  const parsed = cached === undefined ? parseToken(compact, api, bytesMaxOf(api)) : ok(cached.token)
  if (!parsed.ok) return parsed
  trail.token = parsed.value
  const ruled = checkTokenRules(parsed.value, api)
  if (ruled !== undefined) return err(ruled)

  const issuer = selectTrust(parsed.value, api, snapshot.signers)
  if (!issuer.ok) return issuer
  trail.issuer = issuer.value

  const keys = findKey(parsed.value, issuer.value, ports.keys)
  if (keys instanceof Promise) return keys.then((late) => judgeSigned(trail, ports, late))
  return judgeSigned(trail, ports, keys)
}

function judgeSigned(trail: Trail, ports: PipelinePorts, keys: Result<readonly KeyRecord[], Reject>): Verdict {
  const { token, issuer, exchange } = trail
  if (!keys.ok) return keys
  if (token === undefined || issuer === undefined) throw new Error('a key was looked up before its token was read')

  const expired = isClearlyExpired(token, issuer, exchange.receivedMs)
  if (expired !== undefined) return err(expired)

  const { receivedMs } = exchange
  const trusted = verifySignature(token, issuer, keys.value, trail.cached, ports.verify, addressOf(trail), receivedMs)
  if (!trusted.ok) return trusted
  trail.verified = trusted.value.verified
  trail.cached = trusted.value.cached

  return permitToken(trail, ports, trusted.value.keyIssuer)
}

async function judgeOpaque(trail: Trail, ports: PipelinePorts, token: string): Promise<Verdict> {
  const { api, exchange } = trail
  if (api === undefined) throw new Error('a token was introspected before its API was known')
  const answer = await introspect(token, api, ports.introspect, addressOf(trail), exchange.receivedMs)
  if (!answer.ok) return answer
  trail.issuer = answer.value.issuer
  trail.verified = vouchForIntrospected(answer.value.claims, answer.value.issuer)
  return permitToken(trail, ports, undefined)
}

/** What a trusted token may do here: its claims and its binding hold, and its caller may do what he asks. */
function permitToken(trail: Trail, ports: PipelinePorts, keyIssuer: string | undefined): Verdict {
  const { api, access, issuer, verified, exchange } = trail
  if (api === undefined || access === undefined) throw new Error('permit before match')
  if (issuer === undefined || verified === undefined) throw new Error('permit before trust')

  const claims = judgeClaims(verified, issuer, api.plan, access.require, keyIssuer, exchange.receivedMs)
  if (!claims.ok) return claims

  const unbound = bindHead(verified.claims)
  if (unbound !== undefined) return err(unbound)
  return permitCaller(trail, ports, claims.value)
}

const noClaims: Claims = Object.freeze({})

/** What is asked of a token, only a token satisfies. */
function permitWithoutToken(trail: Trail, ports: PipelinePorts): Verdict {
  trail.withoutToken = true
  const asked = trail.access === undefined ? undefined : tokenRuleOf(trail.access.require)
  return asked === undefined ? permitCaller(trail, ports, noClaims) : err({ reason: 'token_missing', rule: asked })
}

/** Who is calling, with what policies and scopes, and the head the request goes on with. `claims`: those believed. */
function permitCaller(trail: Trail, ports: PipelinePorts, claims: Claims): Verdict {
  const { head, api, access, issuer, verified, exchange, snapshot } = trail
  if (head === undefined || api === undefined || access === undefined) throw new Error('permit before match')
  const nowMs = exchange.receivedMs

  const application = identify(trail, api, snapshot, nowMs)
  if (!application.ok) {
    chargeApiKey(application.error, ports.apiKeys, addressOf(trail), nowMs)
    return application
  }
  trail.application = application.value

  const grant = resolvePolicy(claims, api, application.value, snapshot.policies)
  if (!grant.ok) return grant
  trail.grant = grant.value

  const barred =
    grant.value === undefined
      ? undefined
      : checkGrant(grant.value, { head, api, iat: verified?.claims.iat, issuer, nowMs })
  const denied = barred ?? authorize(claims, access.require)
  if (denied !== undefined) return err(denied)

  const large = limitBody(exchange.body, api.plan)
  if (large !== undefined) return err(large)

  const claimHeaders = claimHeadersOf(trail, claims)
  if (!claimHeaders.ok) return claimHeaders
  const callerHeaders = claimHeaders.value + shapeFactHeaders(trail.application, api)
  return shapeUpstream(head, api, callerHeaders, trail.snapshot.gateway.via ?? ports.pseudonym)
}

/** Whose budget a check is charged to. */
function addressOf({ head, exchange }: Trail): string {
  return head?.clientAddress ?? exchange.peer
}

function bytesMaxOf(api: CompiledApi): number {
  return api.plan.access.kind === 'protected' ? api.plan.access.tokenBytesMax : 0
}

/** The block depends on token and API alone: a cached token pays for it once. */
function claimHeadersOf(trail: Trail, claims: Claims): Result<string, Reject> {
  const { api, cached } = trail
  if (api === undefined || api.plan.forward.claims.length === 0) return ok('')
  if (cached?.claimHeaders?.api === api) return ok(cached.claimHeaders.block)
  const block = shapeClaimHeaders(claims, api)
  if (block.ok && cached !== undefined) cached.claimHeaders = { api, block: block.value }
  return block
}
