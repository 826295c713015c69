import { algorithms } from '../domain/algorithm.ts'
import { type HeaderNames, headerNames } from '../domain/header-name.ts'
import { matchIssuer } from '../domain/match-issuer.ts'
import { buildPolicy } from './build-policy.ts'
import { buildClaimIndex } from './claim-index.ts'
import { credentialHeaders } from './credential-headers.ts'
import { grantsOf } from './grants-of.ts'
import { identifyOf } from './identify-of.ts'
import { buildAccess } from './match-routes.ts'
import { buildMatcher } from './matcher.ts'
import type { ApiPlan, ApplicationPlan, ConfigObject, GatewayPlan, IssuerPlan } from './plan.ts'
import type {
  CompiledApi,
  CompiledApplication,
  CompiledIssuer,
  CompiledPolicy,
  RegisteredApiKey,
  Snapshot,
} from './snapshot.ts'

type ApplicationIndexes = Pick<Snapshot, 'claimIndex' | 'apiKeys' | 'signers'>

/** What a snapshot was made of, so that the next one builds only what changed. */
interface Parts {
  readonly issuers: ReadonlyMap<string, { readonly hash: string; readonly compiled: CompiledIssuer }>
  readonly policies: ReadonlyMap<string, { readonly hash: string; readonly compiled: CompiledPolicy }>
  readonly applications: ReadonlyMap<string, { readonly hash: string; readonly compiled: CompiledApplication }>
  readonly indexes: ApplicationIndexes
  readonly apis: ReadonlyMap<string, { readonly hash: string; readonly compiled: CompiledApi }>
  readonly identityNames: string
  readonly identityHeaders: HeaderNames
}

/** Kept beside the snapshot, not in it: no request may read hashes. */
const partsOf: WeakMap<Snapshot, Parts> = new WeakMap()

/** Every so many objects a sliced assembly may rest: building one that changed takes some 20 us. */
const restEvery = 50

/** `assembleInSlices` in one go. */
export function assemble(objects: readonly ConfigObject[], generation: number, previous?: Snapshot): Snapshot {
  const slices = assembleInSlices(objects, generation, previous)
  for (;;) {
    const slice = slices.next()
    if (slice.done === true) return slice.value
  }
}

/**
 * Turns the objects of one generation into a frozen `Snapshot`. An object whose hash and neighbours did not change is
 * the same compiled object as in `previous`. Yields where whoever drives it may see to something else: requests go on
 * while thousands of objects are built (hot-path rule 9). Throws only on what `compile` never yields: no gateway object,
 * an unknown issuer, two APIs in one place, an issuer for any `iss` beside another.
 */
export function* assembleInSlices(
  objects: readonly ConfigObject[],
  generation: number,
  previous?: Snapshot,
): Generator<void, Snapshot> {
  const old = previous === undefined ? undefined : partsOf.get(previous)
  let gateway: GatewayPlan | undefined
  const issuers = new Map<string, { hash: string; compiled: CompiledIssuer }>()
  for (const object of objects) {
    if (object.kind === 'gateway') gateway = object.plan
    if (object.kind !== 'issuer') continue
    const before = old?.issuers.get(object.id)
    const reused = before?.hash === object.hash ? before.compiled : undefined
    issuers.set(object.id, { hash: object.hash, compiled: compileIssuer(object.plan, issuers.size, reused) })
    if (issuers.size % restEvery === 0) yield
  }
  if (gateway === undefined) throw new Error('no gateway object')
  const names = identityNames(objects)
  const identityHeaders = old?.identityNames === names.join() ? old.identityHeaders : headerNames(names)

  const policies = new Map<string, { hash: string; compiled: CompiledPolicy }>()
  for (const object of objects) {
    if (object.kind !== 'policy') continue
    const before = old?.policies.get(object.id)
    const compiled = before?.hash === object.hash ? before.compiled : buildPolicy(freezeDeep(object.plan))
    policies.set(object.id, { hash: object.hash, compiled })
    if (policies.size % restEvery === 0) yield
  }

  const applications = new Map<string, { hash: string; compiled: CompiledApplication }>()
  for (const object of objects) {
    if (object.kind !== 'application') continue
    const before = old?.applications.get(object.id)
    const compiled = before?.hash === object.hash ? before.compiled : buildApplication(freezeDeep(object.plan))
    applications.set(object.id, { hash: object.hash, compiled })
    if (applications.size % restEvery === 0) yield
  }
  const sameApplications = old !== undefined && isSame(applications, old.applications)
  const indexes = sameApplications ? old.indexes : yield* indexApplications(applications)

  const apis = new Map<string, { hash: string; compiled: CompiledApi }>()
  for (const object of objects) {
    if (object.kind !== 'api') continue
    const before = old?.apis.get(object.id)
    const reused = before?.hash === object.hash ? before.compiled : undefined
    const trusted = issuersOf(object.plan, issuers)
    apis.set(object.id, {
      hash: object.hash,
      compiled: compileApi(object.plan, apis.size, trusted, identityHeaders, reused),
    })
    if (apis.size % restEvery === 0) yield
  }
  yield
  const compiledApis = [...apis.values()].map((part) => part.compiled)
  const snapshot: Snapshot = Object.freeze({
    generation,
    gateway: freezeDeep(gateway),
    issuers: Object.freeze([...issuers.values()].map((part) => part.compiled)),
    apis: Object.freeze(compiledApis),
    policies: new Map([...policies].map(([id, part]) => [id, part.compiled])),
    ...indexes,
    match: buildMatcher(compiledApis),
  })
  partsOf.set(snapshot, {
    issuers,
    policies,
    applications,
    indexes,
    apis,
    identityNames: names.join(),
    identityHeaders,
  })
  return snapshot
}

function buildApplication(plan: ApplicationPlan): CompiledApplication {
  const subscriptions = new Map(plan.subscriptions.map((one) => [one.apiId, one]))
  return Object.freeze({ plan, subscriptions, signer: buildSigner(plan) })
}

function buildSigner({ id, tokens }: ApplicationPlan): CompiledIssuer | undefined {
  if (tokens === undefined) return undefined
  const { issuer, subject } = tokens
  const vouchesFor = (iss: string | undefined): boolean => matchIssuer(issuer.match, iss)
  return Object.freeze({ index: -1, plan: issuer, vouchesFor, own: Object.freeze({ applicationId: id, subject }) })
}

/** What is looked up of all applications together. */
function* indexApplications(applications: Parts['applications']): Generator<void, ApplicationIndexes> {
  const compiled = [...applications.values()].map((part) => part.compiled)
  const claimIndex = yield* buildClaimIndex(compiled)
  const apiKeys = new Map<string, RegisteredApiKey>()
  const signers = new Map<string, CompiledApplication>()
  let done = 0
  for (const application of compiled) {
    for (const plan of application.plan.apiKeys) apiKeys.set(plan.hash, { application, plan })
    const match = application.signer?.plan.match
    if (match?.kind === 'exact') signers.set(match.iss, application)
    if (++done % restEvery === 0) yield
  }
  return { claimIndex, apiKeys, signers }
}

/** Whether the same applications are there: then what was built of them all holds. */
function isSame(now: Parts['applications'], before: Parts['applications']): boolean {
  if (now.size !== before.size) return false
  for (const [id, { compiled }] of now) if (before.get(id)?.compiled !== compiled) return false
  return true
}

/** A header some API fills from a claim or an application says who calls: no caller may send it to any API, lest two share an upstream. */
function identityNames(objects: readonly ConfigObject[]): readonly string[] {
  const names = new Set<string>()
  for (const object of objects) {
    if (object.kind !== 'api') continue
    const { claims, application } = object.plan.forward
    for (const { header } of [...claims, ...application]) names.add(header.toLowerCase())
  }
  return [...names].sort()
}

function compileIssuer(plan: IssuerPlan, index: number, reused: CompiledIssuer | undefined): CompiledIssuer {
  if (reused?.index === index) return reused
  const kept = reused?.plan ?? freezeDeep(plan)
  const vouchesFor = (iss: string | undefined): boolean => matchIssuer(kept.match, iss)
  return Object.freeze({ index, plan: kept, vouchesFor, own: undefined })
}

function issuersOf(
  plan: ApiPlan,
  issuers: ReadonlyMap<string, { readonly compiled: CompiledIssuer }>,
): readonly CompiledIssuer[] {
  if (plan.access.kind === 'public') return []
  return plan.access.issuerIds.map((id) => {
    const part = issuers.get(id)
    if (part === undefined) throw new Error(`API ${plan.id} names unknown issuer ${id}`)
    return part.compiled
  })
}

function compileApi(
  plan: ApiPlan,
  index: number,
  issuers: readonly CompiledIssuer[],
  identityHeaders: HeaderNames,
  reused: CompiledApi | undefined,
): CompiledApi {
  const same =
    reused?.index === index &&
    reused.identityHeaders === identityHeaders &&
    reused.issuers.every((issuer, at) => issuer === issuers[at])
  if (same) return reused
  const kept = reused?.plan ?? freezeDeep(plan)
  return Object.freeze({
    index,
    plan: kept,
    prefixLength: kept.segments.reduce((length, segment) => length + 1 + segment.length, 0),
    issuers: Object.freeze([...issuers]),
    algorithmBits: issuers.reduce((bits, issuer) => bits | issuer.plan.algorithmBits, ownAlgorithmBits(kept)),
    selectIssuer: buildSelectIssuer(issuers),
    introspecting: Object.freeze(issuers.filter((issuer) => issuer.plan.trust !== 'keys')),
    identityHeaders,
    heldFromTrailers: withCredentials(identityHeaders, kept),
    scopePolicies: reused?.scopePolicies ?? scopePoliciesOf(kept),
    accessFor: reused?.accessFor ?? buildAccess(kept),
  })
}

/** Of applications' own tokens each one's terms decide; which those are is known once the token says whose it is. */
function ownAlgorithmBits(plan: ApiPlan): number {
  return identifyOf(plan)?.byOwnTokens === true ? algorithms.reduce((bits, { bit }) => bits | bit, 0) : 0
}

function scopePoliciesOf(plan: ApiPlan): CompiledApi['scopePolicies'] {
  const scopes = grantsOf(plan)?.scopes
  return scopes === undefined ? undefined : new Map(scopes.policies)
}

function withCredentials(identityHeaders: HeaderNames, plan: ApiPlan): HeaderNames {
  const names = credentialHeaders(plan)
  return names.length === 0 ? identityHeaders : headerNames([...[...identityHeaders.values()].flat(), ...names])
}

function buildSelectIssuer(issuers: readonly CompiledIssuer[]): CompiledApi['selectIssuer'] {
  const any = issuers.find((issuer) => issuer.plan.match.kind === 'any')
  if (any !== undefined) {
    if (issuers.length > 1) throw new Error(`issuer ${any.plan.id} takes any iss and is not alone`)
    return () => any
  }
  const exact = new Map<string, CompiledIssuer>()
  const patterns: CompiledIssuer[] = []
  for (const issuer of issuers) {
    if (issuer.plan.match.kind === 'exact') exact.set(issuer.plan.match.iss, issuer)
    else patterns.push(issuer)
  }
  return function selectIssuer(iss: string | undefined): CompiledIssuer | undefined {
    if (iss === undefined) return undefined
    const found = exact.get(iss)
    if (found !== undefined) return found
    for (const issuer of patterns) if (issuer.vouchesFor(iss)) return issuer
    return undefined
  }
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const member of Object.values(value)) freezeDeep(member)
  return value
}
