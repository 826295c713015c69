import { describe, expect, it } from 'vitest'
import type { KeyRecord } from '../../src/domain/key.ts'
import { type VerifyPorts, verifySignature } from '../../src/proxy/steps/verify-signature.ts'
import { createTokenCache } from '../../src/proxy/token-cache.ts'
import { createFailedTokens } from '../../src/state/failed-tokens.ts'
import { createVerificationBudget } from '../../src/state/verification-budget.ts'
import { allAlgorithmBits, issuerOf, tokenOf } from '../fixtures/compiled-plans.ts'

const candidates = ['one', 'two', 'three', 'four'].map(
  (thumbprint): KeyRecord => ({
    kind: 'public',
    thumbprint,
    kid: undefined,
    aliases: [],
    algorithmBits: allAlgorithmBits,
    issuer: undefined,
    jwk: { kty: 'EC', crv: 'P-256', x: '', y: '' },
    modulusBytes: undefined,
  }),
)

/** A verifier nothing passes, and how often it was asked. */
function setUp(perAddress: number) {
  let checks = 0
  const ports: VerifyPorts = {
    verify: () => {
      checks++
      return false
    },
    cache: createTokenCache({ entriesMax: 10, bytesMax: 1e6, issuerShare: 1 }),
    failed: createFailedTokens(),
    budget: createVerificationBudget(() => ({ perAddress, perIssuer: 0 })),
    onVerification: () => undefined,
    peek: false,
  }
  const send = (sub: string): string => {
    const answer = verifySignature(tokenOf({ sub }), issuerOf(), candidates, undefined, ports, '192.0.2.1', 0)
    return answer.ok ? 'verified' : answer.error.reason
  }
  return { send, checks: () => checks }
}

describe('S8 bytes that failed cost no crypto again, however many keys they may be of', () => {
  it('a refused token sent again is refused without a check', () => {
    const { send, checks } = setUp(0)
    expect(send('a')).toBe('signature_invalid')
    expect(checks()).toBe(4)
    for (let again = 0; again < 10; again++) expect(send('a')).toBe('signature_invalid')
    expect(checks()).toBe(4)
  })

  it('each failed check is charged, and nothing is when none was made', () => {
    const { send, checks } = setUp(8)
    for (let again = 0; again < 100; again++) expect(send('a')).toBe('signature_invalid')
    expect(send('b')).toBe('signature_invalid')
    expect(send('c')).toBe('verification_budget')
    expect(checks()).toBe(8)
  })
})
