import { describe, expect, it } from 'vitest'
import { apiOf, issuerOf, tokenOf } from '../../../test/fixtures/compiled-plans.ts'
import { findAlgorithm } from '../../domain/algorithm.ts'
import { selectTrust } from './select-trust.ts'

const iss = 'https://idp.example'
const main = issuerOf()
const other = issuerOf({
  id: 'other',
  rule: 'issuers.other',
  match: { kind: 'exact', iss: 'https://other.example' },
  algorithmBits: findAlgorithm('RS256')?.bit ?? 0,
  accept: 'rfc9068',
})
const api = apiOf([main, other])

const noSigners = new Map()

describe('S1 S3 S4 selectTrust', () => {
  it('the iss decides which issuer entry is asked', () => {
    expect(selectTrust(tokenOf({ iss }), api, noSigners)).toEqual({ ok: true, value: main })
  })

  it.each([[{ iss: 'https://idp.example/' }], [{ iss: 'https://evil.example' }], [{}]])(
    'claims %j name no trusted issuer',
    (claims) => {
      expect(selectTrust(tokenOf(claims), api, noSigners)).toEqual({
        ok: false,
        error: {
          reason: 'issuer_untrusted',
          iss: 'iss' in claims ? claims.iss : undefined,
          rule: 'apis.orders.access.issuers',
        },
      })
    },
  )

  it("an algorithm of one issuer does not count for another's tokens", () => {
    expect(selectTrust(tokenOf({ iss: 'https://other.example' }, { typ: 'at+jwt' }), api, noSigners)).toEqual({
      ok: false,
      error: { reason: 'alg_not_allowed', alg: 'ES256', rule: 'issuers.other.algorithms' },
    })
  })

  it('the kind of token is what this issuer entry accepts, by the line that says so', () => {
    expect(selectTrust(tokenOf({ iss }, { typ: 'logout+jwt' }), api, noSigners)).toEqual({
      ok: false,
      error: {
        reason: 'typ_mismatch',
        typ: 'logout+jwt',
        wanted: 'JWT, at+jwt or no typ',
        rule: 'issuers.main.accept',
      },
    })
    expect(selectTrust(tokenOf({ iss, at_hash: 'x' }), api, noSigners)).toEqual({
      ok: false,
      error: { reason: 'token_kind', kind: 'ID token', rule: 'issuers.main.accept' },
    })
  })
})
