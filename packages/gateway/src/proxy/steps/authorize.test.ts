import { describe, expect, it } from 'vitest'
import { claimsOf, nothing } from '../../../test/fixtures/compiled-plans.ts'
import { toClaimPath } from '../../domain/read-claim.ts'
import { authorize } from './authorize.ts'

function verdict(claims: object, scopes: { any?: string[]; all?: string[]; claim?: string }): string {
  const { any, all, claim = 'scope' } = scopes
  const require = { ...nothing, scopes: [{ claim: toClaimPath(claim), any, all, rule: 'r' }] }
  return authorize(claimsOf(claims), require)?.reason ?? 'granted'
}

describe('authorize', () => {
  it('asks for nothing when nothing is required', () => {
    expect(authorize(claimsOf({}), nothing)).toBeUndefined()
  })

  it.each<[object, object, string]>([
    [{ scope: 'read write' }, { any: ['write', 'admin'] }, 'granted'],
    [{ scope: 'read write' }, { all: ['read', 'write'] }, 'granted'],
    [{ scope: 'read write' }, { all: ['read', 'admin'] }, 'scope_missing'],
    [{ scope: 'read write' }, { any: ['write'], all: ['admin'] }, 'scope_missing'],
    [{ scope: 'readwrite' }, { any: ['read'] }, 'scope_missing'],
    [{ scope: 'Read' }, { any: ['read'] }, 'scope_missing'],
    [{ scope: ['read', 'write'] }, { all: ['write'] }, 'granted'],
    [{ scope: ['read write'] }, { any: ['read'] }, 'scope_missing'],
    [{ scp: ['read'] }, { any: ['read'], claim: 'scp' }, 'granted'],
    [{ scp: ['read'] }, { any: ['read'] }, 'scope_missing'],
    [{ a: { roles: ['x'] } }, { any: ['x'], claim: 'a.roles' }, 'granted'],
    [{}, { any: ['read'] }, 'scope_missing'],
    [{ scope: null }, { any: ['read'] }, 'scope_missing'],
    [{ scope: { read: true } }, { any: ['read'] }, 'scope_missing'],
  ])('claims %j against %j: %s', (claims, scopes, expected) => {
    expect(verdict(claims, scopes)).toBe(expected)
  })

  it('every scope rule counts, and the one that failed is named', () => {
    const rule = (wanted: string): object => ({
      claim: toClaimPath('scope'),
      any: undefined,
      all: [wanted],
      rule: `rule for ${wanted}`,
    })
    const require = { ...nothing, scopes: [rule('read'), rule('admin')] as typeof nothing.scopes }
    expect(authorize(claimsOf({ scope: 'read' }), require)).toEqual({
      reason: 'scope_missing',
      wanted: ['admin'],
      rule: 'rule for admin',
    })
  })
})
