import { closestApplications } from '../compile/closest-applications.ts'
import { grantsOf } from '../compile/grants-of.ts'
import { identifyOf } from '../compile/identify-of.ts'
import { formatPlace } from '../compile/places.ts'
import type { ApplicationPlan } from '../compile/plan.ts'
import type { CompiledApi, CompiledApplication, CompiledPolicy, Snapshot } from '../compile/snapshot.ts'
import type { Claims } from '../domain/claims.ts'
import { describeReject } from '../domain/describe-reject.ts'
import type { Reject } from '../domain/reject.ts'
import type { Result } from '../domain/result.ts'
import type { Grant } from '../proxy/grant.ts'
import { type NamedPolicies, namePolicies } from '../proxy/name-policies.ts'
import type { Credentials } from '../proxy/steps/identify.ts'
import { escapeForTerminal } from '../telemetry/escape-text.ts'
import { summariseToken } from '../telemetry/summarise-token.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { mismatchWords } from './offline-mismatch-words.ts'
import { tellSelfAsserted } from './offline-self-asserted.ts'
import type { SupposedCaller, VouchedClaims } from './offline-simulate-caller.ts'
import type {
  FoundApplication,
  NearApplication,
  Refusal,
  SimulatedApplication,
  SimulatedCaller,
  SimulatedPolicies,
  SimulatedPolicy,
  SimulatedRequest,
  Simulation,
} from './offline-simulation.ts'

/** What the steps found, each for itself. */
export interface Findings {
  readonly snapshot: Snapshot
  readonly api: CompiledApi
  readonly caller: SupposedCaller
  readonly credentials: Credentials
  /** Undefined: not reached. */
  readonly application: Result<CompiledApplication | undefined, Reject> | undefined
  /** Undefined: not reached. */
  readonly grant: Result<Grant | undefined, Reject> | undefined
  readonly request: SimulatedRequest | undefined
  /** What refuses first. */
  readonly reject: Reject | undefined
}

/** Puts what the steps found into words. */
export function reportFindings(
  findings: Findings,
  { compiled, source }: LoadedConfig,
  { nowMs, file }: { readonly nowMs: number; readonly file: string },
): Simulation {
  const { api, caller, application, grant, request, reject } = findings
  const { vouched } = caller
  const plans = new Map(compiled.objects.flatMap((one) => (one.kind === 'application' ? [[one.id, one.plan]] : [])))
  const refuse = (refused: Reject): Refusal => {
    const summary = vouched && summariseToken(vouched.token?.header ?? {}, vouched.claims, false)
    const { seen, wanted, hint } = describeReject(refused, summary)
    const words = { reason: refused.reason, seen: escapeForTerminal(seen), wanted: escapeForTerminal(wanted), hint }
    if (!('rule' in refused)) return words
    return { ...words, rule: { path: refused.rule, file, ...source.locate(refused.rule) } }
  }
  return {
    api: api.plan.id,
    at: new Date(nowMs).toISOString(),
    caller: {
      by: caller.by,
      ...(vouched === undefined ? {} : tellVoucher(vouched, api)),
      assumed: caller.assumed,
      apiKey: findings.credentials.apiKeyHash !== undefined,
    },
    ...(application === undefined ? {} : { application: tellApplication(findings, application, plans, refuse) }),
    closest: tellClosest(findings, plans),
    ...(grant === undefined ? {} : { policies: tellPolicies(findings, grant, refuse) }),
    ...(request === undefined ? {} : { request }),
    allowed: reject === undefined,
    ...(reject === undefined ? {} : { refusal: refuse(reject) }),
  }
}

function tellVoucher(
  { claims, counted, issuer }: VouchedClaims,
  { plan }: CompiledApi,
): Pick<SimulatedCaller, 'issuer' | 'application' | 'selfAsserted'> {
  if (issuer.own === undefined) return { issuer: issuer.plan.id }
  const selfAsserted = tellSelfAsserted(claims, counted, issuer.own, plan)
  return { application: issuer.own.applicationId, selfAsserted }
}

type Plans = ReadonlyMap<string, ApplicationPlan>
type Refuse = (reject: Reject) => Refusal

function tellApplication(
  findings: Findings,
  application: NonNullable<Findings['application']>,
  plans: Plans,
  refuse: Refuse,
): SimulatedApplication {
  const asked = identifyOf(findings.api.plan) !== undefined
  const id = applicationIdOf(application)
  const plan = id === undefined ? undefined : plans.get(id)
  return {
    asked,
    ...(plan === undefined ? {} : { found: tellFound(findings, plan) }),
    ...(application.ok ? {} : { refusal: refuse(application.error) }),
  }
}

/** One that may not call has a name, too. */
function applicationIdOf(application: Findings['application']): string | undefined {
  if (application === undefined) return undefined
  if (application.ok) return application.value?.plan.id
  return 'application' in application.error ? application.error.application : undefined
}

function tellFound(findings: Findings, { id, name, status }: ApplicationPlan): FoundApplication {
  const { snapshot, credentials } = findings
  const { apiKeyHash } = credentials
  const registered = apiKeyHash === undefined ? undefined : snapshot.apiKeys.get(apiKeyHash)
  const byKey = registered?.application.plan.id === id ? [`API key ${registered.plan.id}`] : []
  return { id, name: escapeForTerminal(name), status, by: [...byKey, ...tellToken(findings, id)] }
}

/** What of the token names this application. */
function tellToken({ snapshot, credentials: { verified }, caller, api }: Findings, id: string): readonly string[] {
  if (verified?.voucher === 'application') {
    const issuer = caller.vouched?.issuer
    return issuer?.own?.applicationId === id ? [`its own token (${issuer.plan.rule})`] : []
  }
  if (verified === undefined || identifyOf(api.plan)?.byClaims !== true) return []
  const [set] = snapshot.claimIndex
    .find(verified.claims, verified.issuerId)
    .filter(({ application }) => application.plan.id === id)
    .map((match) => match.set)
    .sort((one, other) => other.match.length - one.match.length)
  return set === undefined ? [] : [set.rule]
}

const closestMax = 3

function tellClosest({ api, credentials, application }: Findings, plans: Plans): readonly NearApplication[] {
  const { verified } = credentials
  const identify = identifyOf(api.plan)
  // What an application says of itself makes it no other.
  if (verified === undefined || verified.voucher === 'application' || identify?.byClaims !== true) return []
  const found = applicationIdOf(application)
  const others = [...plans.values()].filter(({ id }) => id !== found)
  return closestApplications(others, verified.claims, verified.issuerId, closestMax).map(
    ({ application: { id, subscriptions }, set, mismatches }) => ({
      id,
      set: set.rule,
      claims: set.match.length,
      matching: set.match.length - mismatches.length,
      mismatches: mismatches.map((one) => ({ claim: escapeForTerminal(one.claim), words: mismatchWords(one) })),
      needsSubscription: identify.lookup === 'strict' && !subscriptions.some(({ apiId }) => apiId === api.plan.id),
    }),
  )
}

const noClaims: Claims = Object.freeze({})

function tellPolicies(
  { api, caller, application }: Findings,
  grant: NonNullable<Findings['grant']>,
  refuse: Refuse,
): SimulatedPolicies {
  const plan = grantsOf(api.plan)
  if (plan === undefined) return { asked: false, granted: [] }
  const { merge } = plan
  if (!grant.ok) return { asked: true, merge, granted: [], refusal: refuse(grant.error) }
  const holder = application?.ok ? application.value : undefined
  const named = namePolicies(caller.vouched?.counted ?? noClaims, plan, api, holder)
  const by = plan.claim === undefined ? 'claim' : `claim ${plan.claim.text}`
  const policies = grant.value?.policies ?? []
  return {
    asked: true,
    merge,
    granted: policies.map((one) => tellPolicy(one, api, named.ok ? sourcesOf(one.plan.id, named.value, by, api) : [])),
  }
}

function sourcesOf(id: string, { ids, by, scopes }: NamedPolicies, claim: string, api: CompiledApi): readonly string[] {
  const adding = new Set(scopes?.filter((scope) => api.scopePolicies?.get(scope)?.includes(id)))
  const said = ids.includes(id) ? [by === 'claim' ? claim : by] : []
  return [...said, ...[...adding].map((scope) => `scope ${scope}`)].map(escapeForTerminal)
}

function tellPolicy({ plan }: CompiledPolicy, { plan: api }: CompiledApi, from: readonly string[]): SimulatedPolicy {
  const { id, access, maxTokenAgeSeconds, validUntilMs } = plan
  const { host, segments: prefix } = api
  const everywhere = [{ segments: [], rest: true }]
  const rights = access.filter(({ apiId }) => apiId === api.id)
  return {
    id,
    from,
    rights: rights.map(({ methods, paths = everywhere }) => ({
      methods: methods ?? 'all',
      paths: paths.map(({ segments, rest }) => formatPlace({ host, segments: [...prefix, ...segments], rest })),
    })),
    ...(maxTokenAgeSeconds === undefined ? {} : { maxTokenAgeSeconds }),
    ...(validUntilMs === undefined ? {} : { validUntil: new Date(validUntilMs).toISOString() }),
  }
}
