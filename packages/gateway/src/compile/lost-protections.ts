import type { ClaimRule } from '../domain/claim-rule.ts'
import { grantsOf } from './grants-of.ts'
import { identifyOf } from './identify-of.ts'
import { neededCredentials } from './needed-credentials.ts'
import type { GrantsPlan, IdentifyPlan, IssuerPlan, RequirePlan } from './plan.ts'
import type { CompiledApi, EffectiveAccess, Snapshot } from './snapshot.ts'

/** Requests as the configurations before and after see them. */
export interface Comparison {
  readonly before: Snapshot
  readonly after: Snapshot
  /** Lower case; empty: none an API names. */
  readonly host: string
  readonly path: string
  readonly method: string
}

/**
 * What stood before a request and no longer does, in words; none where the request is not let in at all, or was open
 * before. Looked at are the token, issuers, audiences, claims, scopes and the rights of policies, not how long tokens and
 * policies last, nor which applications there are.
 */
export function lostProtections({ before, after, host, path, method }: Comparison): readonly string[] {
  const then = before.match(host, path)
  const now = after.match(host, path)
  if (now === undefined || !now.plan.methods.includes(method)) return []
  const held = then?.plan.methods.includes(method) === true ? then.accessFor(method, path) : undefined
  const holds = now.accessFor(method, path)
  // What nobody could call before had no protection to lose.
  if (then === undefined || held === undefined || held.kind === 'public') return []
  if (holds.kind === 'public') return ['the token']
  return [
    ...lostIssuers(then, now),
    ...lostAudiences(then, held, now, holds),
    ...lostClaims(then, held, now, holds),
    ...lostScopes(held.require, holds.require),
    ...lostCredentials(then, now),
    ...lostIdentification(identifyOf(then.plan), identifyOf(now.plan)),
    ...lostPolicies(grantsOf(then.plan), grantsOf(now.plan)),
    ...widenedPolicies({ before, after, host, path, method }, then, now),
  ]
}

/** Issuers nobody trusted here before: whom they name may call now. */
function lostIssuers(then: CompiledApi, now: CompiledApi): readonly string[] {
  const own = identifyOf(now.plan)?.byOwnTokens === true && identifyOf(then.plan)?.byOwnTokens !== true
  const issuers = now.issuers
    .filter(({ plan }) => partner(plan, then) === undefined)
    .map(({ plan }) => `issuer: ${plan.id} is trusted now`)
  return [
    ...issuers,
    ...(own ? ['issuer: applications may sign their own tokens now'] : []),
    ...lostDisbelief(then, now),
  ]
}

/** Claims applications may say of themselves now. */
function lostDisbelief(then: CompiledApi, now: CompiledApi): readonly string[] {
  const before = selfAsserted(then)
  return selfAsserted(now)
    .filter((claim) => !before.includes(claim))
    .map((claim) => `claim: ${claim} is believed of applications now`)
}

function selfAsserted({ plan: { access } }: CompiledApi): readonly string[] {
  return access.kind === 'public' ? [] : access.trustSelfAsserted.map(({ text }) => text)
}

function partner({ match }: IssuerPlan, api: CompiledApi): IssuerPlan | undefined {
  const same = JSON.stringify(match)
  return api.issuers.find(({ plan }) => JSON.stringify(plan.match) === same)?.plan
}

function lostAudiences(
  then: CompiledApi,
  held: EffectiveAccess,
  now: CompiledApi,
  holds: EffectiveAccess,
): readonly string[] {
  return now.issuers.flatMap(({ plan }) => {
    const before = partner(plan, then)
    if (before === undefined) return []
    const asked = audienceSets(plan, holds.require)
    return audienceSets(before, held.require)
      .filter((set) => !asked.some((other) => isSubset(other, set)))
      .map((set) => `audience: one of ${set.join(', ')}, of issuer ${plan.id}`)
  })
}

function audienceSets({ audiences }: IssuerPlan, require: RequirePlan): readonly (readonly string[])[] {
  return [...(audiences === undefined ? [] : [audiences]), ...require.audiences.map(({ oneOf }) => oneOf)]
}

function lostClaims(
  then: CompiledApi,
  held: EffectiveAccess,
  now: CompiledApi,
  holds: EffectiveAccess,
): readonly string[] {
  const kept = new Set(holds.require.claims.map(ruleKey))
  const rules = held.require.claims.filter((rule) => !kept.has(ruleKey(rule))).map(({ path }) => `claim: ${path.text}`)
  const present = now.issuers.flatMap(({ plan }) => {
    const asked = new Set(plan.requireClaims.map(({ text }) => text))
    const lost = partner(plan, then)?.requireClaims.filter(({ text }) => !asked.has(text)) ?? []
    return lost.map(({ text }) => `claim: ${text}, of issuer ${plan.id}`)
  })
  return [...rules, ...present]
}

/** The rule without the place it is written at. */
function ruleKey({ rule: _, ...rest }: ClaimRule): string {
  return JSON.stringify(rest)
}

function lostScopes(held: RequirePlan, holds: RequirePlan): readonly string[] {
  const kept = holds.scopes.map(scopeTerms)
  return held.scopes.flatMap((rule) => {
    const same = kept.filter(({ claim }) => claim === rule.claim.text)
    const { all, anyOf } = scopeTerms(rule)
    const lostAll = all.filter((scope) => !same.some((other) => asksFor(other, [scope])))
    const lostAny = anyOf === undefined || same.some((other) => asksFor(other, anyOf)) ? [] : [anyOf.join(' or ')]
    return [...lostAll, ...lostAny].map((scope) => `scope: ${scope}`)
  })
}

interface ScopeTerms {
  readonly claim: string
  readonly all: readonly string[]
  readonly anyOf: readonly string[] | undefined
}

function scopeTerms({ claim, all, any }: RequirePlan['scopes'][number]): ScopeTerms {
  return { claim: claim.text, all: all ?? [], anyOf: any }
}

/** Whether a token that satisfies these terms has one of `scopes` for certain. */
function asksFor({ all, anyOf }: ScopeTerms, scopes: readonly string[]): boolean {
  return all.some((scope) => scopes.includes(scope)) || (anyOf !== undefined && isSubset(anyOf, scopes))
}

function lostIdentification(held: IdentifyPlan | undefined, holds: IdentifyPlan | undefined): readonly string[] {
  const [before, after] = [held?.lookup ?? 'relax', holds?.lookup ?? 'relax']
  if (before === 'strict' && after === 'open') return ['application: it need not have subscribed']
  return before !== 'relax' && after === 'relax' ? ['application: none is asked for'] : []
}

function lostCredentials(then: CompiledApi, now: CompiledApi): readonly string[] {
  const [before, after] = [neededCredentials(then.plan), neededCredentials(now.plan)]
  return [
    ...(before.token && !after.token ? ['token: another credential will do, or none'] : []),
    ...(before.apiKey && !after.apiKey ? ['API key: another credential will do, or none'] : []),
    ...(after.anonymous && !before.anonymous ? ['credentials: none are needed'] : []),
    ...(before.both && !after.both && after.token && after.apiKey
      ? ['application: token and API key may name two']
      : []),
  ]
}

function lostPolicies(held: GrantsPlan | undefined, holds: GrantsPlan | undefined): readonly string[] {
  if (held === undefined) return []
  if (holds === undefined) return ['policy: none is asked for']
  const added = holds.defaults.filter((id) => !held.defaults.includes(id)).map((id) => `policy: ${id} is a default now`)
  const mapped = held.scopes === undefined ? new Set<string>() : scopePairs(held)
  const scopes = [...scopePairs(holds)].filter((pair) => !mapped.has(pair)).map((pair) => `policy: ${pair} now`)
  return [
    ...added,
    ...scopes,
    ...(held.merge === 'strict' && holds.merge === 'permissive' ? ['policy: not all of them must agree'] : []),
    ...(holds.claim !== undefined && holds.claim.text !== held.claim?.text
      ? [`policy: claim ${holds.claim.text} names them now`]
      : []),
  ]
}

function scopePairs({ scopes }: GrantsPlan): ReadonlySet<string> {
  const pairs = scopes?.policies.flatMap(([scope, ids]) => ids.map((id) => `scope ${scope} adds ${id}`))
  return new Set(pairs)
}

/** Policies that let a request through which they refused before, or which were not there. */
function widenedPolicies(
  { before, after, path, method }: Comparison,
  then: CompiledApi,
  now: CompiledApi,
): readonly string[] {
  if (grantsOf(then.plan) === undefined || grantsOf(now.plan) === undefined) return []
  const widened = [...after.policies.values()].filter(
    ({ plan, allows }) =>
      allows(now.plan, method, path) && before.policies.get(plan.id)?.allows(then.plan, method, path) !== true,
  )
  return widened.map(({ plan }) => `policy: ${plan.id} grants it now`)
}

function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((entry) => whole.includes(entry))
}
