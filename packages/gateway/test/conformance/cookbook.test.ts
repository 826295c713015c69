import { describe, expect, it } from 'vitest'
import { readJwks } from '../../src/keys/recognise/read-jwks.ts'
import { hasVectors, listVectors, readVectors } from '../support/public-vectors.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { isToken, verifyCompact } from '../support/verify-compact.ts'

interface Recipe {
  readonly input: { readonly key: Members }
  readonly output: { readonly compact?: string; readonly json?: object; readonly json_flat?: object }
}

type Members = { readonly [member: string]: unknown }

const book = 'rfc7520-cookbook'
const signed = [
  '4_1.rsa_v15_signature',
  '4_2.rsa-pss_signature',
  '4_3.ecdsa_signature',
  '4_4.hmac-sha2_integrity_protection',
]
const compact = hasVectors ? [...signed.map((name) => `${book}/jws/${name}.json`), `${book}/curve25519/jws.json`] : []

function publicMembers(key: Members): Members {
  const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = key
  return rest
}

function read(key: Members) {
  return readJwks({ keys: [key] }, strictQuality({ allowSampleKey: true }), 0, 'operator')
}

function codeOf(key: Members): string {
  const set = read(key)
  if (set.ok) return 'taken'
  return set.error.code === 'no_usable_key' ? set.error.message : set.error.code
}

describe.skipIf(!hasVectors)('RFC 7520 cookbook', () => {
  it.each(compact)('%s verifies', (path) => {
    const { input, output } = readVectors<Recipe>(path)
    const set = read(publicMembers(input.key))
    expect(verifyCompact(output.compact ?? '', set.ok ? set.value.keys : [])).toBe(true)
  })

  const folders = ['jws', 'jwe', 'rfc7797', 'curve25519'].flatMap((name) => listVectors(`${book}/${name}`))

  it.each(folders)('%s: other serialisations and contents are no token', (path) => {
    const { output } = readVectors<Recipe>(path)
    const forms = [output.json, output.json_flat]
      .filter((form) => form !== undefined)
      .map((form) => JSON.stringify(form))
    // Compact forms here are encrypted, detached, unencoded, or carry text that is no claims.
    for (const form of output.compact === undefined ? forms : [...forms, output.compact])
      expect(isToken(form)).toBe(false)
  })

  it('a signed token inside an encrypted one: the inner is a token, the outer is not', () => {
    const nested = readVectors<{ readonly sign: Recipe; readonly encrypt: Recipe }>(
      `${book}/6.nesting_signatures_and_encryption.json`,
    )
    expect(isToken(nested.sign.output.compact ?? '')).toBe(true)
    expect(isToken(nested.encrypt.output.compact ?? '')).toBe(false)
  })

  it('keys are taken or refused for what they are', () => {
    const key = (name: string): Members => readVectors<Members>(`${book}/jwk/${name}.json`)
    expect(codeOf(key('3_1.ec_public_key'))).toBe('taken')
    expect(codeOf(key('3_2.ec_private_key'))).toBe('private_key')
    expect(codeOf(key('3_3.rsa_public_key'))).toBe('taken')
    expect(codeOf(key('3_4.rsa_private_key'))).toBe('private_key')
    expect(codeOf(key('3_5.symmetric_key_mac_computation'))).toBe('taken')
    expect(codeOf(key('3_6.symmetric_key_encryption'))).toContain('not for signatures')
  })
})
