import { describe, expect, it } from 'vitest'
import type { KeyRecord } from '../../src/domain/key.ts'
import { recogniseJwks } from '../../src/keys/recognise/recognise-jwks.ts'
import { recogniseKeys } from '../../src/keys/recognise/recognise-key.ts'
import { hasVectors, readVectors } from '../support/public-vectors.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { isToken, verifyCompact } from '../support/verify-compact.ts'

interface Vectors {
  readonly verify_cases: readonly {
    readonly id: string
    readonly key_type: 'jwks' | 'pem' | 'x509map'
    readonly key: string
    readonly token: string
    readonly source_result: string
  }[]
  readonly token_parse_cases: readonly { readonly id: string; readonly token: string; readonly source_result: string }[]
  readonly jwks_document_cases: readonly {
    readonly id: string
    readonly type: string | null
    readonly document: string
    readonly source_status: string
    readonly usable_keys: number | null
  }[]
}

const vectors = hasVectors ? readVectors<Vectors>('google-jwt-verify-lib/jwt-verify-lib.json') : undefined
// Their certificates and keys are old, and some are small; what is looked at here is the crypto.
const quality = strictQuality({ allowSampleKey: true, allowExpiredCertificate: true })

function keysOf(type: string | null, text: string): readonly KeyRecord[] {
  const read =
    type === 'jwks' || type === 'JWKS' ? recogniseJwks(text, quality, 0) : recogniseKeys(text, {}, quality, 0)
  return read.ok ? read.value.keys : []
}

/** Cases where we decide otherwise than the library, or that it left open. */
const decided: ReadonlyMap<string, readonly [accepted: boolean, reason: string]> = new Map([
  ['JVL-EC-07', [true, 'a key without a declared kid fits any kid']],
  ['JVL-X509-01', [false, 'RFC 7515 2: the signature ends in padding']],
  ['JVL-HS-01', [false, 'RFC 8259: the set has a comma too many']],
  ['JVL-HS-02', [false, 'RFC 8259: the set has a comma too many']],
  ['JVL-HS-03', [false, 'RFC 8259: the set has a comma too many']],
  ['JVL-HS-04', [false, 'RFC 8259: the set has a comma too many']],
  ['JVL-HS-05', [false, 'RFC 8259: the set has a comma too many']],
  ['JVL-AUD-02', [true, 'the signature is right; the audience is judged later']],
  [
    'JVL-PARSE-TestParsePayloadIatNotPositive',
    [true, 'RFC 7519 2 knows times before 1970; the claim checks judge them'],
  ],
  [
    'JVL-PARSE-TestParsePayloadNbfNotPositive',
    [true, 'RFC 7519 2 knows times before 1970; the claim checks judge them'],
  ],
  [
    'JVL-PARSE-TestParsePayloadExpNotPositive',
    [true, 'RFC 7519 2 knows times before 1970; the claim checks judge them'],
  ],
])

/** Documents of which we use fewer keys. */
const fewerKeys: ReadonlyMap<string, readonly [keys: number, reason: string]> = new Map([
  ['JVL-JWKS-GoodOKP', [0, 'S5: x is a coordinate of P-256 and no point of Ed25519']],
  ['JVL-JWKS-JwksIgnoreUnsupportedKey', [0, 'S5: x is a coordinate of P-256 and no point of Ed25519']],
  ['JVL-JWKS-JwksIgnoreUnsupportedKeyInMiddle', [1, 'S5: x is a coordinate of P-256 and no point of Ed25519']],
  ['JVL-JWKS-JwksECMissingBothAlgCrvES256', [0, 'RFC 7518 6.2.1.1: `crv` must be present']],
  ['JVL-JWKS-JwkECMissingCrv', [0, 'RFC 7518 6.2.1.1: `crv` must be present']],
  ['JVL-JWKS-JwksECUnspecifiedCrv', [0, 'RFC 7518 6.2.1.1: `crv` must be present']],
])

describe.skipIf(!hasVectors)('google/jwt_verify_lib', () => {
  const single = (vectors?.jwks_document_cases ?? []).filter(
    // Two documents are names of C++ constants, and some PEM cases add a second key that is not in the data.
    ({ document, id }) => !/^k[A-Z][A-Za-z0-9]+$/.test(document) && id !== 'JVL-JWKS-addKeyFromPemSuccess',
  )

  it.each(vectors?.verify_cases ?? [])('$id: $source_result', ({ id, key_type, key, token, source_result }) => {
    const expected = decided.get(id)?.[0] ?? source_result === 'accept'
    expect(verifyCompact(token, keysOf(key_type, key))).toBe(expected)
  })

  it('its HMAC tokens verify and fail as it says once the comma is gone', () => {
    const cases = (vectors?.verify_cases ?? []).filter(({ id }) => id.startsWith('JVL-HS'))
    expect(cases).toHaveLength(7)
    for (const { key, token, source_result } of cases) {
      const json = key.replaceAll(/,(\s*[\]}])/g, '$1')
      expect(verifyCompact(token, keysOf('jwks', json))).toBe(source_result === 'accept')
    }
  })

  it.each(vectors?.token_parse_cases ?? [])('$id: $source_result', ({ id, token, source_result }) => {
    expect(isToken(token)).toBe(decided.get(id)?.[0] ?? source_result === 'parse-ok')
  })

  it.each(single)('$id: $source_status', ({ id, type, document, source_status, usable_keys }) => {
    const { length } = keysOf(type, document)
    const expected = fewerKeys.get(id)?.[0] ?? usable_keys
    if (expected !== null) expect(length).toBe(expected)
    else expect(length > 0).toBe(source_status === 'Ok')
  })
})
