import { describe, expect, it } from 'vitest'
import { apiOf, compactOf, issuerOf, tokenOf } from '../../../test/fixtures/compiled-plans.ts'
import { findAlgorithm } from '../../domain/algorithm.ts'
import { checkTokenRules, parseToken } from './parse-token.ts'

const api = apiOf([issuerOf()])
const onlyRs256 = apiOf([issuerOf()], findAlgorithm('RS256')?.bit)
const claims = { sub: 'alice' }

describe('S8 parseToken', () => {
  it('yields a token whose form and algorithm are permitted', () => {
    const parsed = parseToken(compactOf({ alg: 'ES256' }, claims), api, 8192)
    expect(parsed).toMatchObject({ ok: true, value: { signatureBytes: 64 } })
  })

  it('a token over the size is refused before it is looked at, and says both sizes', () => {
    expect(parseToken('x'.repeat(101), api, 100)).toEqual({
      ok: false,
      error: { reason: 'token_too_large', bytes: 101, bytesMax: 100 },
    })
  })

  it.each([
    ['not.a.token', { reason: 'token_malformed', fault: 'base64url' }],
    ['', { reason: 'token_malformed', fault: 'empty' }],
    [compactOf({ alg: 'ES256', crit: ['x'] }, claims), { reason: 'crit_unknown' }],
    [compactOf({ alg: 'ES256', jwk: {} }, claims), { reason: 'token_malformed', fault: 'embedded_key' }],
    [compactOf({ alg: 'none' }, claims), { reason: 'alg_not_allowed', alg: 'none', rule: 'issuers.main.algorithms' }],
  ])('%s is refused with its reason', (compact, error) => {
    expect(parseToken(compact, api, 8192)).toEqual({ ok: false, error })
  })

  it('an algorithm no issuer of the API accepts is refused, HMAC where RSA is expected too', () => {
    const compact = compactOf({ alg: 'HS256' }, claims, Buffer.alloc(32))
    const error = { reason: 'alg_not_allowed', alg: 'HS256', rule: 'issuers.main.algorithms' }
    expect(parseToken(compact, onlyRs256, 8192)).toEqual({ ok: false, error })
  })

  it('with several issuers the rule is the list of issuers', () => {
    const several = apiOf([issuerOf(), issuerOf({ id: 'other' })], 0)
    expect(checkTokenRules(tokenOf(claims), several)).toMatchObject({ rule: 'apis.orders.access.issuers' })
  })

  it('the rules hold for a token that was parsed for another API', () => {
    const token = tokenOf(claims)
    expect(checkTokenRules(token, api)).toBeUndefined()
    expect(checkTokenRules(token, onlyRs256)?.reason).toBe('alg_not_allowed')
  })
})
