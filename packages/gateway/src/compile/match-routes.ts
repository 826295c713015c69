import { collectPatterns, plantPatterns, takesMethod } from './pattern-tree.ts'
import type { ApiPlan, RequirePlan, RoutePlan } from './plan.ts'
import { prefixEnd } from './segment-tree.ts'
import type { CompiledApi, EffectiveAccess } from './snapshot.ts'

/** Most sets of matching routes whose merged requirements are kept for one API; more are merged each time. */
const mergedSetsMax = 4096

/** What a set of routes comes to, found by following their ranks from the root. */
interface MergedSet {
  access: EffectiveAccess | undefined
  readonly next: Map<number, MergedSet>
}

/**
 * Builds `CompiledApi.accessFor`. All routes that match take part; requirements add up, the API's own first, until a
 * route with `override: true`, which cuts off the API's own and every less specific route. A route for GET also holds
 * for HEAD (RFC 9110 9.3.2), a trailing slash makes no difference, `*` takes one segment that is not empty.
 */
export function buildAccess(api: ApiPlan): CompiledApi['accessFor'] {
  const own = mergeAccess(api, [])
  if (api.routes.length === 0) return () => own
  // 0 is the most specific route of the API.
  const ranked = [...api.routes].sort(compareRoutes)
  const tree = plantPatterns(ranked)
  const root: MergedSet = { access: own, next: new Map() }
  let kept = 0
  const matching: number[] = []

  return function accessFor(method: string, path: string): EffectiveAccess {
    matching.length = 0
    collectPatterns(tree, path, prefixEnd(path, api.segments.length) + 1, matching)
    matching.sort(ascending)
    let set = root
    for (const rank of matching) {
      const route = ranked[rank]
      if (route === undefined || !takesMethod(route.methods, method)) continue
      let next = set.next.get(rank)
      if (next === undefined) {
        next = { access: undefined, next: new Map() }
        if (kept < mergedSetsMax) {
          kept++
          set.next.set(rank, next)
        } else {
          return mergeAccess(api, routesOf(ranked, matching, method))
        }
      }
      set = next
      if (route.override) break
    }
    set.access ??= mergeAccess(api, routesOf(ranked, matching, method))
    return set.access
  }
}

function ascending(a: number, b: number): number {
  return a - b
}

/** More specific first: literal before `*` before any rest, segment by segment; then fewer methods; then as written. */
function compareRoutes(a: RoutePlan, b: RoutePlan): number {
  const depth = Math.max(a.segments.length, b.segments.length) + 1
  for (let at = 0; at < depth; at++) {
    const difference = looseness(a, at) - looseness(b, at)
    if (difference !== 0) return difference
  }
  return (a.methods?.length ?? 1000) - (b.methods?.length ?? 1000)
}

function looseness(route: RoutePlan, at: number): number {
  const segment = route.segments[at]
  if (segment !== undefined) return segment === '*' ? 1 : 0
  return route.rest ? 2 : 0
}

/** The routes that count, most specific first, up to the first that overrides. */
function routesOf(ranked: readonly RoutePlan[], ranks: readonly number[], method: string): readonly RoutePlan[] {
  const routes: RoutePlan[] = []
  for (const rank of ranks) {
    const route = ranked[rank]
    if (route === undefined || !takesMethod(route.methods, method)) continue
    routes.push(route)
    if (route.override) break
  }
  return routes
}

const nothing: RequirePlan = Object.freeze({ audiences: [], claims: [], scopes: [] })

function mergeAccess(api: ApiPlan, routes: readonly RoutePlan[]): EffectiveAccess {
  const cut = routes.at(-1)?.override === true ? routes.at(-1) : undefined
  const own = api.access.kind === 'public' ? nothing : api.access.require
  const parts = routes.map((route) => route.require).reverse()
  if (cut === undefined) parts.unshift(own)
  const require: RequirePlan = Object.freeze({
    audiences: Object.freeze(parts.flatMap((part) => part.audiences)),
    claims: Object.freeze(parts.flatMap((part) => part.claims)),
    scopes: Object.freeze(parts.flatMap((part) => part.scopes)),
  })
  const open = cut?.access === 'public' || api.access.kind === 'public'
  // A requirement below an open route can only be met by a token: it closes the route again, never the other way.
  const asks = require.audiences.length + require.claims.length + require.scopes.length > 0
  return Object.freeze({
    kind: open && !asks ? 'public' : 'protected',
    require,
    routes: Object.freeze(routes.map((route) => route.rule)),
  })
}
