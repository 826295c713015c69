import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../test/fixtures/compiled-plans.ts'
import { readClaimFacts } from './claim-facts.ts'

describe('readClaimFacts', () => {
  it('no claims are no facts', () => {
    expect(readClaimFacts(claimsOf({}))).toEqual({
      ok: true,
      value: {
        iss: undefined,
        aud: undefined,
        exp: undefined,
        nbf: undefined,
        iat: undefined,
        unfit: undefined,
        kind: undefined,
        nonce: false,
      },
    })
  })

  it.each<[object, object]>([
    [{ iss: 1 }, { claim: 'iss', fault: 'not_a_text' }],
    [{ sub: null }, { claim: 'sub', fault: 'not_a_text' }],
    [{ jti: [] }, { claim: 'jti', fault: 'not_a_text' }],
    [{ aud: [1] }, { claim: 'aud', fault: 'not_an_audience' }],
    [{ exp: '1' }, { claim: 'exp', fault: 'not_a_time' }],
    [{ nbf: 2 ** 53 }, { claim: 'nbf', fault: 'not_a_time' }],
    [{ iat: null }, { claim: 'iat', fault: 'not_a_time' }],
  ])('%j has a registered claim of the wrong type', (claims, error) => {
    expect(readClaimFacts(claimsOf(claims))).toEqual({ ok: false, error })
  })

  it('the first identity that is unfit is named, and only identities are looked at', () => {
    const facts = readClaimFacts(claimsOf({ name: 'a\nb', sub: 'alice', azp: 'x\u0000', client_id: 7 }))
    expect(facts).toMatchObject({ ok: true, value: { unfit: { claim: 'azp', fault: 'control_character' } } })
  })

  it('whatever the claims, facts have their types or the claims are refused', () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: 'binary' }), fc.integer())
    const names = ['iss', 'sub', 'jti', 'aud', 'exp', 'nbf', 'iat', 'azp', 'client_id', 'typ', 'nonce', 'events']
    const claims = fc.dictionary(fc.constantFrom(...names), value)
    fc.assert(
      fc.property(claims, (given) => {
        const facts = readClaimFacts(claimsOf(given))
        if (!facts.ok) return
        expect(['string', 'undefined']).toContain(typeof facts.value.iss)
        for (const time of [facts.value.exp, facts.value.nbf, facts.value.iat]) {
          expect(time === undefined || Math.abs(time) < 2 ** 53).toBe(true)
        }
        expect([facts.value.aud].flat().every((entry) => entry === undefined || typeof entry === 'string')).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
