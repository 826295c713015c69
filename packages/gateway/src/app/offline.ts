import { stringify } from 'yaml'
import { assemble } from '../compile/assemble.ts'
import { compareRoutes, type LostProtection } from '../compile/compare-routes.ts'
import { describeRoutes, type RouteProtection } from '../compile/describe-routes.ts'
import { grantsOf } from '../compile/grants-of.ts'
import { identifyOf } from '../compile/identify-of.ts'
import type { ApiPlan, GrantsPlan, RequirePlan } from '../compile/plan.ts'
import { scopeWords } from '../compile/scope-words.ts'
import { algorithms } from '../domain/algorithm.ts'
import type { Result } from '../domain/result.ts'
import { callerWords } from './caller-words.ts'
import type { LocatedProblem } from './config/config-source.ts'
import { hideSecrets } from './config/hide-secrets.ts'
import { type LoadedConfig, loadConfig } from './config/load-config.ts'
import { readEnvironment } from './env.ts'

export type { LostProtection } from '../compile/compare-routes.ts'
export type { RouteProtection } from '../compile/describe-routes.ts'
export type { LocatedProblem } from './config/config-source.ts'
export { formatProblem } from './config/format-problems.ts'
export type { LoadedConfig } from './config/load-config.ts'

/** How references of a configuration may be resolved; as for `start`. */
export interface OfflineOptions {
  readonly allowEnv: readonly string[]
  readonly secretsDir: string | undefined
}

/** Loads a configuration as `start` would, references resolved in this process's environment. Nothing is fetched. */
export function loadOffline(
  file: string,
  { allowEnv, secretsDir }: OfflineOptions,
): Promise<Result<LoadedConfig, readonly LocatedProblem[]>> {
  return loadConfig(file, { environment: readEnvironment(), allowEnv, secretsDir, nowMs: Date.now() })
}

/** What one API lets through, for people to compare with what they meant. */
export interface ApiOverview {
  readonly id: string
  /** Host and path callers use; `*` for any host. */
  readonly listen: string
  readonly upstream: readonly string[]
  readonly access: 'public' | 'protected'
  readonly issuers: readonly IssuerOverview[]
  /** Scopes every call needs. */
  readonly scopes: readonly string[]
  /** Which applications may call, known by what; empty: nobody asks. */
  readonly callers: readonly string[]
  /** Where a caller's policies come from; empty: none are asked for. */
  readonly policies: readonly string[]
  readonly routes: number
  readonly publicRoutes: number
}

export interface IssuerOverview {
  readonly id: string
  /** Undefined: not looked at. */
  readonly iss: string | undefined
  readonly algorithms: readonly string[]
  /** One of them must be in `aud`; empty: any. */
  readonly audiences: readonly string[]
}

/** What a configuration protects, API by API. */
export function overviewOf(loaded: LoadedConfig): readonly ApiOverview[] {
  return loaded.compiled.objects.flatMap((object) =>
    object.kind === 'api' ? [overviewOfApi(object.plan, loaded)] : [],
  )
}

function overviewOfApi(plan: ApiPlan, loaded: LoadedConfig): ApiOverview {
  const { id, host, segments, access, routes } = plan
  const require = access.kind === 'protected' ? access.require : undefined
  const issuerIds = access.kind === 'protected' ? access.issuerIds : []
  return {
    id,
    listen: `${host ?? '*'}/${segments.join('/')}`,
    upstream: loaded.document.apis[id]?.upstream.targets ?? [],
    access: access.kind,
    issuers: issuerIds.map((issuerId) => overviewOfIssuer(issuerId, require?.audiences ?? [], loaded)),
    scopes: require === undefined ? [] : scopeWords(require),
    callers: callerWords(identifyOf(plan)),
    policies: sourcesOf(grantsOf(plan)),
    routes: routes.length,
    publicRoutes: routes.filter((route) => route.access === 'public').length,
  }
}

function sourcesOf(grants: GrantsPlan | undefined): readonly string[] {
  if (grants === undefined) return []
  const { claim, scopes, defaults } = grants
  return [
    ...(claim === undefined ? [] : [`claim ${claim.text}`]),
    ...(scopes === undefined ? [] : [`scopes in ${scopes.claim.text}`]),
    ...(defaults.length === 0 ? [] : [`default ${defaults.join(', ')}`]),
  ]
}

function overviewOfIssuer(id: string, required: RequirePlan['audiences'], loaded: LoadedConfig): IssuerOverview {
  const object = loaded.compiled.objects.find((one) => one.kind === 'issuer' && one.id === id)
  const plan = object?.kind === 'issuer' ? object.plan : undefined
  const audiences = [...(plan?.audiences ?? []), ...required.flatMap(({ oneOf }) => oneOf)]
  return {
    id,
    iss: loaded.document.issuers[id]?.issuer,
    algorithms: algorithms.filter(({ bit }) => (bit & (plan?.algorithmBits ?? 0)) !== 0).map(({ name }) => name),
    audiences: [...new Set(audiences)],
  }
}

/** Every API and route with what protects it. */
export function routesOf({ compiled }: LoadedConfig): readonly RouteProtection[] {
  return describeRoutes(assemble(compiled.objects, 0))
}

/** What routes of `before` lost in `after`. */
export function lostSince(before: LoadedConfig, after: LoadedConfig): readonly LostProtection[] {
  return compareRoutes(assemble(before.compiled.objects, 0), assemble(after.compiled.objects, 0))
}

/** The document in force with every default: durations in milliseconds, sizes in bytes, secrets hidden. */
export function effectiveDocument({ document }: LoadedConfig): unknown {
  return hideSecrets(document)
}

/** Plain data as YAML, for reading. */
export function toYaml(document: unknown): string {
  return stringify(document, { lineWidth: 0 })
}
