import type { ConfigInput } from '@jotgate/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../test/fixtures/compiled-plans.ts'
import { compilePorts } from '../app/config/compile-ports.ts'
import { authorize } from '../proxy/steps/authorize.ts'
import { checkGrant } from '../proxy/steps/check-grant.ts'
import { resolvePolicy } from '../proxy/steps/resolve-policy.ts'
import { assemble } from './assemble.ts'
import { compareRoutes } from './compare-routes.ts'
import { compileConfig } from './compile-config.ts'
import { parseConfig } from './parse-config.ts'
import type { Snapshot } from './snapshot.ts'

type Api = ConfigInput['apis'][string]
type Routes = NonNullable<Api['routes']>

const upstream = { targets: ['http://127.0.0.1:9'] }
const issuer = (name: string): object => ({
  issuer: `https://${name}.test`,
  keys: { jwksUri: `https://${name}.test/k` },
})

/** A snapshot of these APIs, with issuers `a` (for audience `x` or `y`) and `b` (for `x`), and what else is given. */
function snapshotOf(apis: object, more: object = {}): Snapshot {
  const issuers = { a: { ...issuer('a'), audiences: ['x', 'y'] }, b: { ...issuer('b'), audiences: ['x'] } }
  const parsed = parseConfig({ version: 1, issuers, apis, ...more })
  const compiled = parsed.ok ? compileConfig(parsed.value, compilePorts(0)) : parsed
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return assemble(compiled.value.compiled.objects, 1)
}

const orders = (access: object | string, routes: Routes = [], rest: object = {}): object => ({
  orders: { listen: { path: '/orders' }, methods: ['GET', 'POST'], upstream, access, routes, ...rest },
})
const byA = { issuers: ['a'] }
const admin = { path: '/admin/*', require: { scopes: { all: ['admin'] } } }

function lost(
  before: object,
  after: object,
  moreBefore: object = {},
  moreAfter: object = moreBefore,
): readonly string[] {
  return compareRoutes(snapshotOf(before, moreBefore), snapshotOf(after, moreAfter)).map(
    (one) => `${one.place} ${one.methods.join(',')} ${one.lost}`,
  )
}

describe('what routes lost', () => {
  it('is nothing where nothing changed, or was tightened', () => {
    expect(lost(orders(byA, [admin]), orders(byA, [admin]))).toEqual([])
    expect(lost(orders(byA), orders({ ...byA, require: { scopes: { any: ['read'] } } }, [admin]))).toEqual([])
    expect(lost(orders('public'), orders(byA))).toEqual([])
    expect(lost(orders({ issuers: ['a', 'b'] }), orders(byA))).toEqual([])
    expect(lost(orders(byA), {})).toEqual([])
  })

  it.each<readonly [string, object | undefined, object | undefined, readonly string[]]>([
    ['nothing asked before', undefined, { by: ['jwtClaims'] }, []],
    ['tighter', { by: ['jwtClaims'], lookup: 'open' }, { by: ['jwtClaims'] }, []],
    [
      'no subscription needed',
      { by: ['jwtClaims'] },
      { by: ['jwtClaims'], lookup: 'open' },
      ['application: it need not have subscribed'],
    ],
    ['nobody asked', { by: ['jwtClaims'] }, undefined, ['application: none is asked for']],
    [
      'nobody’s tokens taken',
      { by: ['jwtClaims'] },
      { by: ['jwtClaims'], lookup: 'relax' },
      ['application: none is asked for'],
    ],
    [
      'another credential',
      { by: ['jwtClaims'] },
      { by: ['jwtClaims', 'apiKey'] },
      ['token: another credential will do, or none'],
    ],
    [
      'one of two',
      { by: ['jwtClaims', 'apiKey'], connector: 'and' },
      { by: ['jwtClaims', 'apiKey'] },
      ['token: another credential will do, or none', 'API key: another credential will do, or none'],
    ],
    [
      'two that need not agree',
      { by: ['jwtClaims', 'apiKey'], connector: 'and' },
      { by: ['apiKey'] },
      ['application: token and API key may name two'],
    ],
    [
      'none',
      { by: ['jwtClaims'] },
      { by: ['jwtClaims'], allowAnonymous: true },
      ['token: another credential will do, or none', 'credentials: none are needed'],
    ],
    [
      'applications that sign',
      { by: ['jwtClaims'] },
      { by: ['jwtClaims', 'jwtKey'] },
      ['issuer: applications may sign their own tokens now'],
    ],
  ])('of who is asked to call: %s', (_, then, now, expected) => {
    const of = (identify: object | undefined): object => orders(identify === undefined ? byA : { ...byA, identify })
    expect(lost(of(then), of(now))).toEqual(expected.map((words) => `/orders/* GET,POST ${words}`))
  })

  it('is said of claims that applications may make up', () => {
    const of = (trustSelfAsserted: readonly string[]): object =>
      orders({ identify: { by: ['jwtKey'] }, trustSelfAsserted })
    expect(lost(of([]), of(['tier']))).toEqual(['/orders/* GET,POST claim: tier is believed of applications now'])
    expect(lost(of(['tier']), of([]))).toEqual([])
  })

  it('is nothing of an API or method that was not there', () => {
    const opened = { open: { listen: { path: '/open' }, upstream, access: 'public' } }
    expect(lost(orders(byA), { ...orders(byA), ...opened })).toEqual([])
    expect(lost(orders(byA), orders(byA, [], { methods: ['GET', 'POST', 'PUT'] }))).toEqual([])
  })

  it.each<[string, object, object, readonly string[]]>([
    ['an API opened', orders(byA), orders('public'), ['/orders/* GET,POST the token']],
    [
      'a route opened',
      orders(byA),
      orders(byA, [{ path: '/ping', methods: ['GET'], access: 'public', override: true }]),
      ['/orders/ping GET the token'],
    ],
    ['an issuer', orders(byA), orders({ issuers: ['a', 'b'] }), ['/orders/* GET,POST issuer: b is trusted now']],
    [
      'an audience',
      orders({ ...byA, require: { audiences: ['x'] } }),
      orders(byA),
      ['/orders/* GET,POST audience: one of x, of issuer a'],
    ],
    [
      'a narrower audience',
      orders({ ...byA, require: { audiences: ['x'] } }),
      orders({ ...byA, require: { audiences: ['x', 'z'] } }),
      ['/orders/* GET,POST audience: one of x, of issuer a'],
    ],
    [
      'a claim',
      orders({ ...byA, require: { claims: [{ path: 'tenant', equals: 't' }] } }),
      orders({ ...byA, require: { claims: ['tenant'] } }),
      ['/orders/* GET,POST claim: tenant'],
    ],
    ['a route', orders(byA, [admin]), orders(byA), ['/orders/admin/* GET,POST scope: admin']],
    [
      'one scope of two',
      orders({ ...byA, require: { scopes: { all: ['r', 'w'] } } }),
      orders({ ...byA, require: { scopes: { all: ['r'] } } }),
      ['/orders/* GET,POST scope: w'],
    ],
    [
      'all for any',
      orders({ ...byA, require: { scopes: { all: ['r', 'w'] } } }),
      orders({ ...byA, require: { scopes: { any: ['r', 'w'] } } }),
      ['/orders/* GET,POST scope: r', '/orders/* GET,POST scope: w'],
    ],
    [
      'a wider any',
      orders({ ...byA, require: { scopes: { any: ['r'] } } }),
      orders({ ...byA, require: { scopes: { any: ['r', 'w'] } } }),
      ['/orders/* GET,POST scope: r'],
    ],
    [
      'the same scope of another claim',
      orders({ ...byA, require: { scopes: { any: ['r'] } } }),
      orders({ ...byA, require: { scopes: { any: ['r'], claim: 'scp' } } }),
      ['/orders/* GET,POST scope: r'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(lost(before, after)).toEqual(expected)
  })

  it('is nothing where another term asks for as much', () => {
    const all = (scopes: object): object => orders({ ...byA, require: { scopes } })
    expect(lost(all({ any: ['r', 'w'] }), all({ all: ['r'] }))).toEqual([])
    expect(lost(all({ all: ['r'] }), all({ any: ['r'] }))).toEqual([])
    expect(lost(orders({ issuers: ['b'] }), orders({ issuers: ['b'], require: { audiences: ['x'] } }))).toEqual([])
  })

  it('is found where two routes meet that neither names', () => {
    const before = orders(byA, [admin])
    const loose = { path: '/*/export', require: { scopes: { any: ['export'] } }, override: true }
    expect(lost(before, orders(byA, [admin, loose]))).toEqual([])
    const open = { path: '/*', access: 'public', override: true } as const
    const some = { path: '/a/*/c', require: { scopes: { all: ['admin'] } } }
    const opened = { path: '/a/b/*', access: 'public', override: true } as const
    expect(lost(orders(byA, [open, some]), orders(byA, [open, some, opened]))).toEqual([
      '/orders/a/b/c GET,POST the token',
    ])
  })

  it('is found behind a more specific API, on a host of its own too', () => {
    const inner = { inner: { listen: { path: '/orders/in', host: 'h.test' }, upstream, access: 'public' } }
    expect(lost(orders(byA), { ...orders(byA), ...inner })).toEqual(['h.test/orders/in/* GET,POST the token'])
  })

  it('are policies that are asked of nobody, or grant more', () => {
    const gold = (paths: string[]): object => ({ policies: { gold: { access: [{ api: 'orders', paths }] } } })
    const asks = orders({ ...byA, policy: {} })
    expect(lost(asks, orders(byA), gold(['/a']), {})).toEqual(['/orders/* GET,POST policy: none is asked for'])
    expect(lost(asks, asks, gold(['/a']), gold(['/a', '/b']))).toEqual([
      '/orders/b GET,POST policy: gold grants it now',
    ])
    expect(lost(asks, asks, gold(['/a', '/b']), gold(['/a']))).toEqual([])
    const byDefault = orders({ ...byA, policy: { default: ['gold'] } })
    expect(lost(asks, byDefault, gold(['/a']))).toEqual(['/orders/* GET,POST policy: gold is a default now'])
    const strict = orders({ ...byA, policy: { merge: 'strict' } })
    expect(lost(strict, asks, gold(['/a']))).toEqual(['/orders/* GET,POST policy: not all of them must agree'])
    const mapped = orders({ ...byA, policy: {}, scopes: { policies: { s: 'gold' } } })
    expect(lost(asks, mapped, gold(['/a']))).toEqual(['/orders/* GET,POST policy: scope s adds gold now'])
  })
})

const somePattern = fc.constantFrom('/a', '/b', '/a/*', '/*/b', '/a/b', '/*', '/*/*/c')
const scopes = fc.subarray(['r', 'w'], { minLength: 1 })
const someScopes = fc.oneof(
  scopes.map((any) => ({ any })),
  scopes.map((all) => ({ all })),
)
const someRoute = fc.oneof(
  fc.record({ path: somePattern, require: someScopes.map((of) => ({ scopes: of })), override: fc.boolean() }),
  fc.record({ path: somePattern, access: fc.constant('public' as const), override: fc.constant(true) }),
)
const someApi = fc.record({
  routes: fc.uniqueArray(someRoute, { maxLength: 4, selector: ({ path }) => path }),
  issuers: fc.constantFrom(['a'], ['b'], ['a', 'b']),
  audiences: fc.option(fc.constantFrom(['x'], ['y'], ['x', 'y']), { nil: undefined }),
  merge: fc.constantFrom('permissive', 'strict', undefined),
})
const somePaths = fc.subarray(['/a', '/*/b', '/*'], { minLength: 1 })
const someConfig = fc.record({ api: someApi, one: somePaths, two: somePaths }).map(({ api, one, two }) => {
  const require = api.audiences === undefined ? {} : { require: { audiences: api.audiences } }
  const policy = api.merge === undefined ? {} : { policy: { merge: api.merge } }
  // A policy for an API that asks for none is an error, so there is one that always does.
  const asking = { asking: { listen: { path: '/asking' }, upstream, access: { issuers: ['a'], policy: {} } } }
  const right = (paths: readonly string[]): object => ({
    access: [{ api: 'asking' }, ...(api.merge === undefined ? [] : [{ api: 'orders', paths }])],
  })
  const apis = { ...orders({ issuers: api.issuers, ...require, ...policy }, api.routes as Routes), ...asking }
  return snapshotOf(apis, { policies: { one: right(one), two: right(two) } })
})
const someToken = fc.record({
  iss: fc.constantFrom('https://a.test', 'https://b.test'),
  aud: fc.subarray(['x', 'y', 'z']),
  scope: fc.subarray(['r', 'w']).map((words) => words.join(' ')),
  pol: fc.subarray(['one', 'two'], { minLength: 1 }),
})

type Token = typeof someToken extends fc.Arbitrary<infer T> ? T : never

/** What the steps from 6 to 14 say of a token nobody needs to verify. */
function letsIn(snapshot: Snapshot, method: string, path: string, token: Token): boolean | 'open' {
  const api = snapshot.match('', path)
  if (api === undefined) throw new Error('one API is always there')
  const access = api.accessFor(method, path)
  if (access.kind === 'public') return 'open'
  const issuer = api.selectIssuer(token.iss)
  if (issuer === undefined) return false
  const sets = [issuer.plan.audiences ?? [], ...access.require.audiences.map(({ oneOf }) => oneOf)]
  if (!sets.every((set) => token.aud.some((one) => set.includes(one)))) return false
  const claims = claimsOf(token)
  const grant = resolvePolicy(claims, api, undefined, snapshot.policies)
  if (!grant.ok) return false
  const question = { head: { method, path }, api, iat: claims.iat, issuer, nowMs: 0 }
  if (grant.value !== undefined && checkGrant(grant.value, question) !== undefined) return false
  return authorize(claims, access.require) === undefined
}

describe('whatever changes', () => {
  it('a request that was refused and is let in now has lost something that is said', () => {
    const somePath = fc
      .constantFrom('', '/a', '/b', '/c', '/a/b', '/a/c', '/b/b', '/c/b', '/a/b/c', '/q/q/c')
      .map((path) => `/orders${path}`)
    let loosened = 0
    fc.assert(
      fc.property(someConfig, someConfig, somePath, someToken, (before, after, path, token) => {
        if (letsIn(before, 'GET', path, token) !== false || letsIn(after, 'GET', path, token) === false) return
        loosened++
        expect(compareRoutes(before, after).length).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
    expect(loosened).toBeGreaterThan(50)
  })
})
