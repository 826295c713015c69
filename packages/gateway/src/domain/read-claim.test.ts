import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../test/fixtures/compiled-plans.ts'
import { readClaim, toClaimPath } from './read-claim.ts'

const claims = claimsOf({
  sub: 'alice',
  'https://example.com/roles': ['admin'],
  'realm_access.roles': 'literal',
  realm_access: { roles: ['user'], 'a.b': 1 },
  resource_access: { orders: { roles: ['read', 'write'] } },
  nothing: null,
  list: [{ role: 'admin' }],
})

describe('S10 readClaim', () => {
  it.each<[string, unknown]>([
    ['sub', 'alice'],
    ['https://example.com/roles', ['admin']],
    ['resource_access.orders.roles', ['read', 'write']],
    ['nothing', null],
    ['missing', undefined],
    ['sub.length', undefined],
    ['resource_access.billing.roles', undefined],
    ['nothing.more', undefined],
  ])('%s', (path, value) => {
    expect(readClaim(claims, toClaimPath(path))).toEqual(value)
  })

  it('a literal name wins over the path', () => {
    expect(readClaim(claims, toClaimPath('realm_access.roles'))).toBe('literal')
  })

  it('lists are not entered', () => {
    expect(readClaim(claims, toClaimPath('list.0'))).toBeUndefined()
    expect(readClaim(claims, toClaimPath('list.0.role'))).toBeUndefined()
    expect(readClaim(claims, toClaimPath('list.length'))).toBeUndefined()
  })

  it.each([
    'constructor',
    'constructor.name',
    '__proto__',
    '__proto__.toString',
    'toString',
    'realm_access.constructor',
  ])('the prototype chain has no claim %s, even in objects that have one', (path) => {
    expect(readClaim(claims, toClaimPath(path))).toBeUndefined()
    expect(readClaim({ realm_access: {} }, toClaimPath(path))).toBeUndefined()
  })

  it('finds every nested member by its path, when no literal name is in the way', () => {
    const segment = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !text.includes('.'))
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), fc.string(), (segments, value) => {
        const nested = segments.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
        expect(readClaim(claimsOf(nested), toClaimPath(segments.join('.')))).toBe(value)
      }),
    )
  })
})
