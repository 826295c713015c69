import { type ApiConfig, type ConfigPath, formatConfigPath, type RouteConfig } from '@jotgate/contract'
import { checkMethodsUsed } from './check-methods-used.ts'
import { compilePattern } from './compile-pattern.ts'
import { compileRequirements } from './compile-requirements.ts'
import type { RoutePlan } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** The routes of one API; those with problems are left out, which then are reported. */
export function compileRoutes(
  api: ApiConfig,
  methods: readonly string[],
  pathForms: number,
  path: ConfigPath,
  problems: ProblemList,
): readonly RoutePlan[] {
  const seen = new Map<string, readonly RouteConfig[]>()
  return api.routes.flatMap((route, index) => {
    const at = [...path, index]
    checkRoute(api, route, methods, at, problems)
    const before = seen.get(route.path) ?? []
    if (before.some((other) => methodsMeet(other, route))) {
      const hint = 'merge them, or give each its own methods'
      problems.error(at, 'route_duplicate', 'a route before has the same path and methods', hint)
    }
    seen.set(route.path, [...before, route])
    const plan = compileRoute(route, pathForms, at, problems)
    return plan === undefined ? [] : [plan]
  })
}

function compileRoute(
  route: RouteConfig,
  pathForms: number,
  path: ConfigPath,
  problems: ProblemList,
): RoutePlan | undefined {
  const require = compileRequirements(route.require, [...path, 'require'], problems)
  const pattern = compilePattern(route.path, pathForms, [...path, 'path'], problems)
  if (pattern === undefined) return undefined
  return {
    rule: formatConfigPath(path),
    ...pattern,
    methods: route.methods,
    access: route.access === undefined ? 'inherit' : 'public',
    require,
    override: route.override,
  }
}

/** A route may only tighten, unless it says `override: true` (security rule S24). */
function checkRoute(
  api: ApiConfig,
  route: RouteConfig,
  methods: readonly string[],
  path: ConfigPath,
  problems: ProblemList,
): void {
  if (route.override) problems.warn([...path, 'override'], 'route_override', overrideWords(route))
  else if (route.access !== undefined) {
    const hint = 'write `override: true` beside it'
    problems.error([...path, 'access'], 'override_required', 'opening a route loosens its API', hint)
  }
  if (route.access === undefined && route.require === undefined) {
    problems.error(path, 'route_empty', 'a route that asks for nothing', 'write `require`, or drop it')
  }
  if (route.access !== undefined && route.require !== undefined) {
    problems.error(
      [...path, 'require'],
      'contradiction',
      'a public route has no token to require anything of',
      'drop one of them',
    )
  }
  if (api.access === 'public') {
    const hint = 'give the API an `access` with issuers, and open its other routes with `override: true`'
    problems.error(path, 'route_on_public_api', 'a public API has no token for its routes to check', hint)
  }
  checkMethodsUsed(route.methods, methods, [...path, 'methods'], problems)
}

function overrideWords(route: RouteConfig): string {
  return route.access === undefined
    ? "this route's requirements replace what it would inherit"
    : 'this route is open: no token is looked at'
}

function methodsMeet(one: RouteConfig, other: RouteConfig): boolean {
  const { methods } = other
  if (one.methods === undefined || methods === undefined) return true
  return one.methods.some((method) => methods.includes(method))
}
