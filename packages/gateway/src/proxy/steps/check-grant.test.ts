import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf, issuerOf } from '../../../test/fixtures/compiled-plans.ts'
import { compiledApiOf, policyOf, rightOf } from '../../../test/fixtures/requests.ts'
import { buildPolicy } from '../../compile/build-policy.ts'
import type { PolicyPlan } from '../../compile/plan.ts'
import type { Grant } from '../grant.ts'
import { checkGrant, grantEndsMs } from './check-grant.ts'

const nowMs = 1_800_000_000_000
const now = nowMs / 1000
const api = compiledApiOf()
const issuer = issuerOf()

function grantOf(plans: readonly PolicyPlan[], merge: Grant['merge'] = 'permissive'): Grant {
  return { policies: plans.map(buildPolicy), merge, rule: 'apis.orders.access.policy' }
}

function check(grant: Grant, path: string, method = 'GET', claims: object = { iat: now }) {
  return checkGrant(grant, { head: { method, path }, api, iat: claimsOf(claims).iat, issuer, nowMs })
}

function verdict(plans: readonly PolicyPlan[], path: string, merge?: Grant['merge'], claims?: object): string {
  return check(grantOf(plans, merge), path, 'GET', claims)?.reason ?? 'granted'
}

describe('a right', () => {
  it.each<[readonly string[] | undefined, readonly string[] | undefined, string, string, string]>([
    [undefined, undefined, 'GET', '/orders', 'granted'],
    [undefined, undefined, 'DELETE', '/orders/7/items', 'granted'],
    [['/v1/*'], undefined, 'GET', '/orders/v1/7', 'granted'],
    [['/v1/*'], undefined, 'GET', '/orders/v1', 'granted'],
    [['/v1/*'], undefined, 'GET', '/orders/v2/7', 'access_denied'],
    [['/v1/*'], undefined, 'GET', '/orders', 'access_denied'],
    [['/v1'], undefined, 'GET', '/orders/v1/7', 'access_denied'],
    [['/v1'], undefined, 'GET', '/orders/v1/', 'granted'],
    [['/*/items'], undefined, 'GET', '/orders/7/items', 'granted'],
    [['/*/items'], undefined, 'GET', '/orders//items', 'access_denied'],
    [['/a', '/b'], undefined, 'GET', '/orders/b', 'granted'],
    [undefined, ['GET'], 'GET', '/orders/7', 'granted'],
    [undefined, ['GET'], 'HEAD', '/orders/7', 'granted'],
    [undefined, ['GET'], 'POST', '/orders/7', 'access_denied'],
    [undefined, ['POST'], 'HEAD', '/orders/7', 'access_denied'],
  ])('to %j with methods %j, asked for %s %s: %s', (paths, methods, method, path, expected) => {
    const reject = check(grantOf([policyOf('gold', [rightOf(paths, methods)])]), path, method)
    expect(reject?.reason ?? 'granted').toBe(expected)
  })

  it('on another API is none here', () => {
    expect(verdict([policyOf('gold', [{ apiId: 'invoices', methods: undefined, paths: undefined }])], '/orders')).toBe(
      'access_denied',
    )
  })

  it('needs both readings of a path that more liberal servers decode', () => {
    expect(verdict([policyOf('gold', [rightOf(['/public/*'])])], '/orders/public/%40me')).toBe('granted')
    expect(verdict([policyOf('gold', [rightOf(['/%40me'])])], '/orders/%40me')).toBe('granted')
    // Whoever cuts parameters and empty segments off sees `/a/c`, to which there is no right.
    expect(verdict([policyOf('gold', [rightOf(['/a/*/c'])])], '/orders/a/;b/c')).toBe('access_denied')
    expect(verdict([policyOf('gold', [rightOf(['/a/*/c']), rightOf(['/a/c'])])], '/orders/a/;b/c')).toBe('granted')
    // The right is to `admin`, and `x` is a parameter of it to some.
    expect(verdict([policyOf('gold', [rightOf(['/admin'])])], '/orders/admin;x')).toBe('access_denied')
  })

  it('names the policies the caller has, and the line that asks for any', () => {
    const grant = grantOf([policyOf('bronze', []), policyOf('silver', [rightOf(['/v1'])])])
    expect(check(grant, '/orders/v2')).toEqual({
      reason: 'access_denied',
      policies: ['bronze', 'silver'],
      rule: 'apis.orders.access.policy',
    })
  })
})

describe('a policy with an end', () => {
  const trial = policyOf('trial', [rightOf()], { validUntilMs: nowMs })

  it('grants nothing from that moment on', () => {
    expect(verdict([trial], '/orders')).toBe('policy_ended')
    expect(verdict([{ ...trial, validUntilMs: nowMs + 1 }], '/orders')).toBe('granted')
  })

  it('says no more than that it has no right where it has none', () => {
    expect(verdict([{ ...trial, access: [] }], '/orders')).toBe('access_denied')
  })
})

describe('the age of a token', () => {
  const fresh = policyOf('fresh', [rightOf()], { maxTokenAgeSeconds: 600 })
  const skew = issuer.plan.iatSkewSeconds

  it.each([
    [{ iat: now - 600 - skew + 1 }, 'granted'],
    [{ iat: now - 600 - skew }, 'token_too_old'],
    [{ iat: now - 86_400 }, 'token_too_old'],
    [{}, 'claim_missing'],
  ])('claims %j: %s', (claims, expected) => {
    expect(verdict([fresh], '/orders', 'permissive', claims)).toBe(expected)
  })

  it('is told with its bound', () => {
    expect(check(grantOf([fresh]), '/orders', 'GET', { iat: now - 1000 })).toEqual({
      reason: 'token_too_old',
      ageSeconds: 1000,
      maxAgeSeconds: 600,
      rule: 'policies.fresh.maxTokenAge',
    })
  })

  it('does not loosen a right by another policy that asks for no age', () => {
    const admin = policyOf('admin', [rightOf(['/admin'])], { maxTokenAgeSeconds: 60 })
    const reader = policyOf('reader', [rightOf(['/read'])])
    const old = { iat: now - 3600 }
    expect(verdict([admin, reader], '/orders/read', 'permissive', old)).toBe('granted')
    expect(verdict([admin, reader], '/orders/admin', 'permissive', old)).toBe('token_too_old')
  })
})

describe('several policies', () => {
  const a = policyOf('a', [rightOf(['/a'])])
  const both = policyOf('both', [rightOf(['/a', '/b'])])

  it('permissive: one that lets the request through is enough', () => {
    expect(verdict([a, both], '/orders/b', 'permissive')).toBe('granted')
    expect(verdict([a, both], '/orders/c', 'permissive')).toBe('access_denied')
  })

  it('strict: all of them must', () => {
    expect(verdict([a, both], '/orders/a', 'strict')).toBe('granted')
    expect(verdict([a, both], '/orders/b', 'strict')).toBe('access_denied')
  })

  it('an end counts against a strict caller, whatever the others say', () => {
    const ended = policyOf('ended', [rightOf()], { validUntilMs: nowMs - 1 })
    expect(verdict([a, ended], '/orders/a', 'permissive')).toBe('granted')
    expect(verdict([a, ended], '/orders/a', 'strict')).toBe('policy_ended')
  })

  it('the refusal is that of the policy that comes nearest', () => {
    const late = policyOf('late', [rightOf()], { maxTokenAgeSeconds: 60 })
    const old = { iat: now - 3600 }
    expect(verdict([a, late], '/orders/b', 'permissive', old)).toBe('token_too_old')
    expect(verdict([late, a], '/orders/b', 'permissive', old)).toBe('token_too_old')
  })
})

const somePolicy = fc
  .record({
    paths: fc.option(fc.subarray(['/a', '/b', '/a/*', '/*/b', '/*'], { minLength: 1 }), { nil: undefined }),
    methods: fc.option(fc.subarray(['GET', 'POST', 'HEAD'], { minLength: 1 }), { nil: undefined }),
    maxTokenAgeSeconds: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    validUntilMs: fc.option(fc.integer({ min: nowMs - 2, max: nowMs + 2 }), { nil: undefined }),
  })
  .map(({ paths, methods, ...rest }) => policyOf('some', [rightOf(paths, methods)], rest))
const someRequest = fc.record({
  path: fc.constantFrom('/orders', '/orders/a', '/orders/b', '/orders/a/b', '/orders/c/b', '/orders/%61'),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
  age: fc.integer({ min: 0, max: 300 }),
})

describe('whatever policies there are', () => {
  const granted = (
    plans: readonly PolicyPlan[],
    merge: Grant['merge'],
    request: { path: string; method: string; age: number },
  ) => check(grantOf(plans, merge), request.path, request.method, { iat: now - request.age }) === undefined

  it('their order makes no difference', () => {
    fc.assert(
      fc.property(fc.array(somePolicy, { minLength: 1, maxLength: 5 }), someRequest, (plans, request) => {
        for (const merge of ['permissive', 'strict'] as const) {
          expect(granted([...plans].reverse(), merge, request)).toBe(granted(plans, merge, request))
        }
      }),
    )
  })

  it('permissive: one more never takes a right away, and no right comes from nowhere', () => {
    fc.assert(
      fc.property(
        fc.array(somePolicy, { minLength: 1, maxLength: 5 }),
        somePolicy,
        someRequest,
        (plans, more, request) => {
          if (granted(plans, 'permissive', request)) expect(granted([...plans, more], 'permissive', request)).toBe(true)
          const alone = plans.some((plan) => granted([plan], 'permissive', request))
          expect(granted(plans, 'permissive', request)).toBe(alone)
        },
      ),
    )
  })

  it('strict: never exceeds any single policy', () => {
    fc.assert(
      fc.property(fc.array(somePolicy, { minLength: 1, maxLength: 5 }), someRequest, (plans, request) => {
        if (granted(plans, 'strict', request)) {
          for (const plan of plans) expect(granted([plan], 'strict', request)).toBe(true)
        }
      }),
    )
  })

  it('a grant holds until its end, and no longer', () => {
    const merges = fc.constantFrom('permissive', 'strict')
    fc.assert(
      fc.property(
        fc.array(somePolicy, { minLength: 1, maxLength: 5 }),
        merges,
        someRequest,
        (plans, merge, request) => {
          const grant = grantOf(plans, merge as Grant['merge'])
          const question = { head: request, api, iat: now - request.age, issuer, nowMs }
          if (checkGrant(grant, question) !== undefined) return
          const endsMs = grantEndsMs(grant, question)
          expect(endsMs).toBeGreaterThan(nowMs)
          if (endsMs === Number.POSITIVE_INFINITY) return
          expect(checkGrant(grant, { ...question, nowMs: endsMs - 0.5 })).toBeUndefined()
          expect(checkGrant(grant, { ...question, nowMs: endsMs })).toBeDefined()
        },
      ),
    )
  })
})
