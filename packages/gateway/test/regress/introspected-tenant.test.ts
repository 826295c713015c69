import { describe, expect, it } from 'vitest'
import type { IssuerMatch } from '../../src/domain/issuer-match.ts'
import { toClaimPath } from '../../src/domain/read-claim.ts'
import { checkClaims } from '../../src/proxy/steps/check-claims.ts'
import { claimsOf, issuerOf, nothing } from '../fixtures/compiled-plans.ts'

const now = 1_800_000_000
const match: IssuerMatch = {
  kind: 'pattern',
  prefix: 'https://login.example/',
  suffix: '/v2.0',
  tenants: ['one', 'two'],
  tenantClaim: toClaimPath('tid'),
}

function verdict(claims: object): string {
  const answer = claimsOf({ aud: 'orders', exp: now + 60, ...claims })
  const checked = checkClaims(answer, undefined, issuerOf({ match }), nothing, undefined, now * 1000)
  return checked.ok ? 'passed' : checked.error.reason
}

describe('S3 an introspected token belongs to one tenant, and to one that is listed', () => {
  it.each([
    [{ iss: 'https://login.example/one/v2.0' }, 'passed'],
    [{ iss: 'https://login.example/one/v2.0', tid: 'one' }, 'passed'],
    [{ iss: 'https://login.example/one/v2.0', tid: 'two' }, 'issuer_untrusted'],
    [{ iss: 'https://login.example/three/v2.0' }, 'issuer_untrusted'],
    [{ tid: 'three' }, 'issuer_untrusted'],
    [{}, 'issuer_untrusted'],
  ])('%j: %s', (claims, wanted) => {
    expect(verdict(claims)).toBe(wanted)
  })
})
