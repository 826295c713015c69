import { describe, expect, it } from 'vitest'
import type { AcceptedKind } from '../../src/domain/token-kind.ts'
import { bindHead } from '../../src/proxy/steps/bind-head.ts'
import { checkClaims } from '../../src/proxy/steps/check-claims.ts'
import { claimsOf, issuerOf, nothing } from '../fixtures/compiled-plans.ts'

const now = 1_800_000_000
const good = { active: true, sub: 'alice', aud: 'orders', exp: now + 60 }

function verdict(claims: object, accept: AcceptedKind = 'accessToken'): string {
  const answer = claimsOf({ ...good, ...claims })
  const checked = checkClaims(answer, undefined, issuerOf({ accept }), nothing, undefined, now * 1000)
  if (!checked.ok) return checked.error.reason
  return bindHead(answer)?.reason ?? 'passed'
}

describe('S1 S2 a provider calls more than access tokens active', () => {
  it.each([
    { typ: 'Refresh' },
    { typ: 'Offline' },
    { typ: 'ID' },
    { token_type: 'refresh_token' },
    { token_use: 'refresh_token', token_type: 'Bearer' },
    { at_hash: 'x' },
    { nonce: 'x' },
    { events: {} },
  ])('an answer that says %j is no access token', (claims) => {
    expect(verdict(claims)).toBe('token_kind')
  })

  it.each([{}, { token_type: 'Bearer' }, { typ: 'Bearer', nonce: 'x' }, { token_type: 'bearer', nonce: 'x' }])(
    'an answer that says %j is one',
    (claims) => {
      expect(verdict(claims)).toBe('passed')
    },
  )

  it('an ID token is taken where ID tokens are', () => {
    expect(verdict({ typ: 'ID' }, 'idToken')).toBe('passed')
    expect(verdict({ typ: 'Refresh' }, 'idToken')).toBe('token_kind')
  })

  it.each([{ cnf: { jkt: 'x' } }, { cnf: {} }, { token_type: 'DPoP' }])(
    'a bound token, said by %j, is never a bearer token',
    (claims) => {
      expect(verdict(claims)).toBe('confirmation_required')
    },
  )
})
