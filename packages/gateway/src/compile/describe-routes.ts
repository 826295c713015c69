import { grantsOf } from './grants-of.ts'
import { identifyOf } from './identify-of.ts'
import { formatPlace, samplePaths } from './places.ts'
import type { IdentifyPlan, PathPattern, RequirePlan } from './plan.ts'
import { scopeWords } from './scope-words.ts'
import type { CompiledApi, Snapshot } from './snapshot.ts'

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
  return [
    ...issuers.map(({ plan: { id, audiences } }) =>
      audiences === undefined ? `issuer ${id}` : `issuer ${id} for ${audiences.join(' or ')}`,
    ),
    ...require.audiences.map(({ oneOf }) => `audience ${oneOf.join(' or ')}`),
    ...require.claims.map(({ path }) => `claim ${path.text}`),
    ...scopeWords(require).map((scope) => `scope ${scope}`),
    ...(identifyOf(plan)?.byOwnTokens === true ? ['tokens applications sign'] : []),
    ...applicationWords[identifyOf(plan)?.lookup ?? 'relax'],
    ...(grantsOf(plan) === undefined ? [] : ['a policy']),
  ]
}
