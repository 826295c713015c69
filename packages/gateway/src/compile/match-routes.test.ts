import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiPlanOf, routeOf } from '../../test/fixtures/requests.ts'
import { buildAccess } from './match-routes.ts'
import type { ApiPlan, RequirePlan, RoutePlan } from './plan.ts'

/** A requirement that can be told apart by its rule. */
function asks(rule: string): RequirePlan {
  return { audiences: [{ oneOf: ['x'], rule }], claims: [], scopes: [] }
}

function planOf(...routes: readonly RoutePlan[]): ApiPlan {
  const plan = apiPlanOf()
  if (plan.access.kind === 'public') throw new Error('protected by default')
  return { ...plan, routes, access: { ...plan.access, require: asks('own') } }
}

function rules(plan: ApiPlan, path: string, method = 'GET'): readonly string[] {
  return buildAccess(plan)(method, path).require.audiences.map((audience) => audience.rule)
}

describe('routes of an API', () => {
  const admin = routeOf('/admin/*', { require: asks('admin') })
  const user = routeOf('/users/*/keys', { require: asks('user keys') })
  const writes = routeOf('/users/*', { require: asks('writes'), methods: ['POST'] })
  const reads = routeOf('/reports', { require: asks('reads'), methods: ['GET'] })

  it.each([
    ['/orders', 'GET', ['own']],
    ['/orders/else', 'GET', ['own']],
    ['/orders/admin', 'GET', ['own', 'admin']],
    ['/orders/admin/', 'GET', ['own', 'admin']],
    ['/orders/admin/x/y', 'DELETE', ['own', 'admin']],
    ['/orders/administrator', 'GET', ['own']],
    ['/orders/users/7/keys', 'GET', ['own', 'user keys']],
    ['/orders/users/7/keys/', 'GET', ['own', 'user keys']],
    ['/orders/users/7/keys/2', 'GET', ['own']],
    ['/orders/users/7/keys', 'POST', ['own', 'writes', 'user keys']],
    ['/orders/users/keys', 'GET', ['own']],
    ['/orders/users//keys', 'GET', ['own']],
    ['/orders/reports', 'HEAD', ['own', 'reads']],
    ['/orders/reports', 'POST', ['own']],
  ])('%s %s must satisfy %j: everything that matches adds up', (path, method, wanted) => {
    expect(rules(planOf(admin, user, writes, reads), path, method)).toEqual(wanted)
  })

  it('an override cuts off the API and what is less specific, never what is more specific', () => {
    const plan = planOf(
      routeOf('/a/*', { require: asks('a') }),
      routeOf('/a/b/*', { require: asks('b'), override: true }),
      routeOf('/a/b/c', { require: asks('c') }),
    )
    expect(rules(plan, '/orders/a/x')).toEqual(['own', 'a'])
    expect(rules(plan, '/orders/a/b')).toEqual(['b'])
    expect(rules(plan, '/orders/a/b/c')).toEqual(['b', 'c'])
  })

  it('the order of writing does not matter, specificity does: literal before *, segment by segment', () => {
    const open = routeOf('/*/x', { override: true, access: 'public' })
    const closed = routeOf('/a/*', { require: asks('closed') })
    for (const plan of [planOf(open, closed), planOf(closed, open)]) {
      expect(buildAccess(plan)('GET', '/orders/a/x').kind).toBe('protected')
      expect(buildAccess(plan)('GET', '/orders/b/x').kind).toBe('public')
    }
  })

  it('a public route is public, and a tighter route below it closes again', () => {
    const plan = planOf(
      routeOf('/open/*', { override: true, access: 'public' }),
      routeOf('/open/secret', { require: asks('secret') }),
    )
    expect(buildAccess(plan)('GET', '/orders/open/x')).toMatchObject({ kind: 'public', routes: ['/open/*'] })
    expect(buildAccess(plan)('GET', '/orders/open/secret').kind).toBe('protected')
    expect(rules(plan, '/orders/open/secret')).toEqual(['secret'])
    expect(buildAccess(plan)('GET', '/orders/else').kind).toBe('protected')
  })

  it('an API without routes has one constant, a memoised set the same object each time', () => {
    const bare = buildAccess(planOf())
    expect(bare('GET', '/orders/a')).toBe(bare('POST', '/orders/b'))
    const routed = buildAccess(planOf(admin, writes))
    expect(routed('GET', '/orders/admin/1')).toBe(routed('PUT', '/orders/admin/2'))
    expect(routed('GET', '/orders/admin/1')).not.toBe(routed('GET', '/orders/1'))
  })

  it('agrees with trying every route in turn', () => {
    const routePath = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 }).map((parts) => `/${parts.join('/')}`)
    const some = fc.uniqueArray(routePath, { maxLength: 6 })
    const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 })
    fc.assert(
      fc.property(some, path, (routePaths, asked) => {
        const routes = routePaths.map((text) =>
          text === '/' ? { ...routeOf('/'), segments: [], require: asks('/') } : routeOf(text, { require: asks(text) }),
        )
        const wanted = routes.filter((route) => {
          if (route.rest ? asked.length < route.segments.length : asked.length !== route.segments.length) return false
          return route.segments.every((segment, at) => segment === '*' || segment === asked[at])
        })
        const found = rules(planOf(...routes), `/orders${asked.map((segment) => `/${segment}`).join('')}`)
        expect([...found].sort()).toEqual(['own', ...wanted.map((route) => route.rule)].sort())
      }),
    )
  })
})
