import { assemble } from '../compile/assemble.ts'
import { didYouMean } from '../compile/did-you-mean.ts'
import { goesWithoutToken } from '../compile/goes-without-token.ts'
import { identifyOf } from '../compile/identify-of.ts'
import type { RequirePlan } from '../compile/plan.ts'
import type { CompiledApi, EffectiveAccess, Snapshot } from '../compile/snapshot.ts'
import { tokenRuleOf } from '../compile/token-rule-of.ts'
import type { Claims } from '../domain/claims.ts'
import { describeReject } from '../domain/describe-reject.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import type { Reject } from '../domain/reject.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { createApiKeyHash } from '../keys/api-key-hash.ts'
import { describedExchange } from '../proxy/explain.ts'
import type { RequestHead } from '../proxy/head/request-head.ts'
import { judgeClaims } from '../proxy/judge-claims.ts'
import { authorize } from '../proxy/steps/authorize.ts'
import { bindHead } from '../proxy/steps/bind-head.ts'
import { isClearlyExpired } from '../proxy/steps/check-claims.ts'
import { checkGrant } from '../proxy/steps/check-grant.ts'
import { extractApiKey } from '../proxy/steps/extract-api-key.ts'
import { extractToken } from '../proxy/steps/extract-token.ts'
import { type Credentials, identify } from '../proxy/steps/identify.ts'
import { matchAccess, matchApi } from '../proxy/steps/match-api.ts'
import { readRequest } from '../proxy/steps/read-request.ts'
import { resolvePolicy } from '../proxy/steps/resolve-policy.ts'
import { shapeClaimHeaders } from '../proxy/steps/shape-upstream.ts'
import { escapeForTerminal } from '../telemetry/escape-text.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { readDerivedKey } from './data-dir.ts'
import { readCaller, type ShownClaims, type SupposedCaller, type VouchedClaims } from './offline-simulate-caller.ts'
import { type Findings, reportFindings } from './offline-simulate-report.ts'
import type { Simulation } from './offline-simulation.ts'

/** Who calls which API, and with what request. */
export interface SimulatedQuestion extends ShownClaims {
  readonly apiId: string
  readonly apiKey?: string | undefined
  /** Its target is the full path, the API's own included; a query is not looked at. */
  readonly request?: { readonly method: string; readonly target: string } | undefined
}

export interface SimulateOptions {
  /** The data directory whose master key API keys are hashed with. */
  readonly dataDir: string
  readonly nowMs: number
  /** The configuration file as its reader calls it. */
  readonly file: string
}

/**
 * What a caller would be and be allowed to do on an API, by the steps that judge requests. His token is taken as genuine;
 * nothing is sent, counted or written. The error is a sentence: the question cannot be answered.
 */
export function simulate(
  question: SimulatedQuestion,
  loaded: LoadedConfig,
  options: SimulateOptions,
): Result<Simulation, string> {
  const snapshot = assemble(loaded.compiled.objects, 1)
  const api = findApi(question.apiId, snapshot)
  if (!api.ok) return api
  const { plan } = api.value
  if (plan.access.kind === 'public') return err(`API ${plan.id} is public: nobody is asked who is calling`)
  const place = identifyOf(plan)?.apiKey
  if (question.apiKey !== undefined && place === undefined) {
    return err(`API ${plan.id} looks at no API key; \`access.identify.by\` of it names what it looks at`)
  }
  if (question.claims === undefined && question.token === undefined && question.apiKey === undefined) {
    return err('say who calls: --claims, --token or --api-key')
  }

  const head = readHead(question, api.value, snapshot, options.nowMs)
  if (!head.ok) return head
  const access =
    question.request === undefined ? ok(ownAccess(plan.access.require)) : matchAccess(head.value, api.value, snapshot)
  const require = access.ok ? access.value.require : plan.access.require
  const caller = readCaller(question, api.value, require, snapshot.signers, options.nowMs)
  if (!caller.ok) return caller
  const hash = readHash(question.apiKey, options.dataDir)
  if (!hash.ok) return hash

  const asked: Asked = { question, snapshot, api: api.value, head: head.value, nowMs: options.nowMs }
  const findings = judge(asked, access, caller.value, hash.value)
  return ok(reportFindings(findings, loaded, options))
}

interface Asked {
  readonly question: SimulatedQuestion
  readonly snapshot: Snapshot
  readonly api: CompiledApi
  readonly head: RequestHead
  readonly nowMs: number
}

const noClaims: Claims = Object.freeze({})

/** Every step for itself, also behind one that refuses, as far as what it asks is known; the first refusal is the verdict. */
function judge(
  { question, snapshot, api, head, nowMs }: Asked,
  access: Result<EffectiveAccess, Reject>,
  caller: SupposedCaller,
  hash: ((apiKey: string) => string) | undefined,
): Findings {
  const { vouched } = caller
  const isRequest = question.request !== undefined
  const require = access.ok ? access.value.require : undefined
  const shown = extractApiKey(head, api)
  const apiKeyHash = shown.ok && shown.value !== undefined ? hash?.(shown.value.text) : undefined

  const credentials: Credentials = { verified: vouched && supposeVerified(vouched), apiKeyHash }
  const isKnown = shown.ok && caller.reject === undefined
  const application = isKnown ? identify(credentials, api, snapshot, nowMs) : shown.ok ? undefined : shown
  const claims = vouched?.counted ?? noClaims
  const grant = application?.ok ? resolvePolicy(claims, api, application.value, snapshot.policies) : undefined

  const refusals = (): Reject | undefined =>
    rejectOf(access) ??
    rejectOf(shown) ??
    caller.reject ??
    (require && judgeToken(caller, { api, head, require, nowMs, hasApiKey: apiKeyHash !== undefined })) ??
    rejectOf(application) ??
    rejectOf(grant) ??
    (isRequest && grant?.ok && grant.value !== undefined
      ? checkGrant(grant.value, { head, api, iat: vouched?.claims.iat, issuer: vouched?.issuer, nowMs })
      : undefined) ??
    (require && authorize(claims, require)) ??
    (isRequest ? rejectOf(shapeClaimHeaders(claims, api)) : undefined)

  const isPublic = access.ok && access.value.kind === 'public'
  const request = isRequest
    ? { method: escapeForTerminal(head.method), path: escapeForTerminal(head.path), public: isPublic }
    : undefined
  const reject = isPublic ? undefined : refusals()
  return { snapshot, api, caller, credentials, application, grant, request, reject }
}

/** What is known of a token once its signature was found right. */
function supposeVerified({ claims, issuer }: VouchedClaims): Credentials['verified'] {
  const { plan, own } = issuer
  const { iss } = claims
  const said = typeof iss === 'string' ? iss : undefined
  if (own === undefined) return { claims, issuerId: plan.id, iss: said, voucher: 'issuer' }
  // Whoever is named as the signer stays it, whatever `iss` says beside: that is refused on its own.
  const signed = plan.match.kind === 'exact' ? plan.match.iss : said
  return { claims, issuerId: plan.id, iss: signed, voucher: 'application' }
}

interface TokenQuestion {
  readonly api: CompiledApi
  readonly head: RequestHead
  readonly require: RequirePlan
  readonly nowMs: number
  readonly hasApiKey: boolean
}

/** What refuses the token, or its absence. */
function judgeToken({ vouched }: SupposedCaller, question: TokenQuestion): Reject | undefined {
  const { api, head, require, nowMs, hasApiKey } = question
  if (vouched === undefined) {
    if (!goesWithoutToken(api.plan, hasApiKey)) return rejectOf(extractToken(head, api))
    const rule = tokenRuleOf(require)
    return rule === undefined ? undefined : { reason: 'token_missing', rule }
  }
  const { claims, token, issuer } = vouched
  const expired = token && isClearlyExpired(token, issuer, nowMs)
  if (expired !== undefined) return expired
  return rejectOf(judgeClaims({ claims, token }, issuer, api.plan, require, undefined, nowMs)) ?? bindHead(claims)
}

function rejectOf(result: Result<unknown, Reject> | undefined): Reject | undefined {
  return result === undefined || result.ok ? undefined : result.error
}

function findApi(id: string, { apis }: Snapshot): Result<CompiledApi, string> {
  const found = apis.find(({ plan }) => plan.id === id)
  if (found !== undefined) return ok(found)
  const ids = apis.map(({ plan }) => plan.id)
  const hint = didYouMean(id, ids)
  const known = `there is: ${ids.join(', ') || 'none'}`
  return err(`there is no API ${JSON.stringify(id)} in this configuration; ${hint ?? known}`)
}

/** What an API asks everywhere, routes aside. */
function ownAccess(require: RequirePlan): EffectiveAccess {
  return { kind: 'protected', require, routes: [] }
}

/** The head of the request that is asked about, or of one to the API's own path; with the API key where it is looked for. */
function readHead(
  { request, apiKey }: SimulatedQuestion,
  api: CompiledApi,
  snapshot: Snapshot,
  nowMs: number,
): Result<RequestHead, string> {
  const { id, host, segments, methods } = api.plan
  const own = `/${segments.join('/')}`
  const { method, target } = request ?? { method: methods[0] ?? 'GET', target: own }
  // Credentials a query may hold are given by name; nothing else of it is judged.
  const [path = own] = target.split('?', 1)
  const plain: DescribedRequest = { method, target: path, rawHeaders: ['Host', host ?? 'localhost'], peer: '127.0.0.1' }
  const described = apiKey === undefined ? plain : withApiKey(plain, apiKey, api)
  const head = readRequest(describedExchange(described, nowMs), snapshot.gateway)
  if (!head.ok) {
    const { seen, wanted } = describeReject(head.error)
    return err(`such a request is refused before any API is asked (${head.error.reason}): ${seen}; wanted: ${wanted}`)
  }
  const match = matchApi(head.value, snapshot)
  if (match.ok && match.value === api) return head
  const whose = match.ok ? `it is API ${match.value.plan.id}'s` : 'no API listens there'
  return err(
    `--path ${escapeForTerminal(head.value.path)} is not of API ${id}, which listens at ${host ?? ''}${own}: ${whose}`,
  )
}

function withApiKey(request: DescribedRequest, apiKey: string, { plan }: CompiledApi): DescribedRequest {
  const place = identifyOf(plan)?.apiKey
  if (place === undefined) return request
  const { target, rawHeaders } = request
  if (place.kind === 'header') return { ...request, rawHeaders: [...rawHeaders, place.name, apiKey] }
  const parameter = `${encodeURIComponent(place.name)}=${encodeURIComponent(apiKey)}`
  return { ...request, target: `${target}?${parameter}` }
}

/** Undefined: there is no key to hash. */
function readHash(
  apiKey: string | undefined,
  dataDir: string,
): Result<((apiKey: string) => string) | undefined, string> {
  if (apiKey === undefined) return ok(undefined)
  const key = readDerivedKey(dataDir, 'api-keys')
  if (key !== undefined) return ok(createApiKeyHash(key))
  return err(
    `${dataDir} holds no master-key, by which API keys are known; name the gateway's data directory with --data`,
  )
}
