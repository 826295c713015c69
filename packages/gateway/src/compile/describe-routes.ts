import { grantsOf } from './grants-of.ts'
import { identifyOf } from './identify-of.ts'
import { neededCredentials } from './needed-credentials.ts'
import { formatPlace, samplePaths } from './places.ts'
import type { IdentifyPlan, PathPattern, RequirePlan } from './plan.ts'
import { scopeWords } from './scope-words.ts'
import type { CompiledApi, Snapshot } from './snapshot.ts'
import { tokenRuleOf } from './token-rule-of.ts'

/** What stands before the requests of one API or route. */
export interface RouteProtection {
  readonly api: string
  /** As an operator writes it: `api.example.com/orders/*`. */
  readonly place: string
  /** `all`: whatever the API lets through. */
  readonly methods: readonly string[] | 'all'
  /** In words; none: it is open. */
  readonly protections: readonly string[]
}

/** Every API and every route of it, with what protects it: what it asks itself and what it inherits. */
export function describeRoutes({ apis }: Snapshot): readonly RouteProtection[] {
  return apis.flatMap((api) => [
    describePlace(api, { segments: [], rest: true }, undefined),
    ...api.plan.routes.map((route) => describePlace(api, route, route.methods)),
  ])
}

function describePlace(
  api: CompiledApi,
  { segments, rest }: PathPattern,
  only: readonly string[] | undefined,
): RouteProtection {
  const { id, host, segments: prefix, methods } = api.plan
  const place = { host, segments: [...prefix, ...segments], rest }
  const [path = '/'] = samplePaths(place)
  const access = api.accessFor((only ?? methods)[0] ?? 'GET', path)
  return {
    api: id,
    place: formatPlace(place),
    methods: only ?? 'all',
    protections: access.kind === 'public' ? [] : protectionsOf(api, access.require),
  }
}

const applicationWords: Readonly<Record<IdentifyPlan['lookup'], readonly string[]>> = {
  strict: ['a subscribed application'],
  open: ['a registered application'],
  // Whom no application claims is let through as well.
  relax: [],
}

function protectionsOf({ issuers, plan }: CompiledApi, require: RequirePlan): readonly string[] {
  const needed = neededCredentials(plan)
  // What only a token satisfies asks for one, whatever would be enough without it.
  const token = needed.token || tokenRuleOf(require) !== undefined
  const identify = identifyOf(plan)
  const signers = [
    ...issuers.map(({ plan: { id, audiences } }) =>
      audiences === undefined ? `issuer ${id}` : `issuer ${id} for ${audiences.join(' or ')}`,
    ),
    ...(identify?.byOwnTokens === true ? ['tokens applications sign'] : []),
  ]
  return [
    ...(token ? signers : needed.either ? signers.map((signer) => `${signer}, or an API key`) : []),
    ...(needed.apiKey ? ['an API key'] : []),
    ...require.audiences.map(({ oneOf }) => `audience ${oneOf.join(' or ')}`),
    ...require.claims.map(({ path }) => `claim ${path.text}`),
    ...scopeWords(require).map((scope) => `scope ${scope}`),
    ...(needed.anonymous && !token ? [] : applicationWords[identify?.lookup ?? 'relax']),
    ...(grantsOf(plan) === undefined ? [] : ['a policy']),
  ]
}
