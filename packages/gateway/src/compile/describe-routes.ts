import { formatPlace } from './places.ts'
import type { PathPattern, RequirePlan } from './plan.ts'
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
  const all = [...prefix, ...segments]
  const path = `/${all.map((segment) => (segment === '*' ? 'any' : segment)).join('/')}`
  const access = api.accessFor((only ?? methods)[0] ?? 'GET', path)
  return {
    api: id,
    place: formatPlace({ host, segments: all, rest }),
    methods: only ?? 'all',
    protections: access.kind === 'public' ? [] : protectionsOf(api, access.require),
  }
}

function protectionsOf({ issuers, plan }: CompiledApi, require: RequirePlan): readonly string[] {
  const grants = plan.access.kind === 'protected' ? plan.access.grants : undefined
  return [
    ...issuers.map(({ plan: { id, audiences } }) =>
      audiences === undefined ? `issuer ${id}` : `issuer ${id} for ${audiences.join(' or ')}`,
    ),
    ...require.audiences.map(({ oneOf }) => `audience ${oneOf.join(' or ')}`),
    ...require.claims.map(({ path }) => `claim ${path.text}`),
    ...require.scopes.flatMap(({ all, any }) => [
      ...(all ?? []).map((scope) => `scope ${scope}`),
      ...(any === undefined ? [] : [`scope ${any.join(' or ')}`]),
    ]),
    ...(grants === undefined ? [] : ['a policy']),
  ]
}
