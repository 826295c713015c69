import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { strictQuality } from '../../../test/support/strict-quality.ts'
import { findAlgorithm } from '../../domain/algorithm.ts'
import { recogniseSecret, type SecretEncoding } from './recognise-secret.ts'

const hs256 = findAlgorithm('HS256')?.bit ?? 0
const only256 = strictQuality({ algorithmBits: hs256 })
const good = 'b9f0f3a6c1d24e57a8b9c0d1e2f30415'
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

function codeOf(text: string, encoding: SecretEncoding = 'utf8', quality = only256): string {
  const result = recogniseSecret(text, encoding, {}, quality)
  return result.ok ? 'taken' : result.error.code
}

describe('a shared secret', () => {
  it('is the bytes its encoding spells', () => {
    const bytes = Buffer.from(good, 'utf8')
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      const result = recogniseSecret(bytes.toString(encoding), encoding, { kid: 'k' }, only256)
      expect(result.ok && result.value.record).toMatchObject({ kid: 'k', secret: bytes.toString('base64url') })
    }
  })

  it('has no alias under which a token could name it: its thumbprint is not for showing', () => {
    const result = recogniseSecret(good, 'utf8', {}, only256)
    expect(result.ok && result.value.record.aliases).toEqual([])
  })

  it.each([
    ['not base64!', 'base64'],
    ['a+b/', 'base64url'],
    ['abc', 'hex'],
  ] as const)('%s is not %s', (text, encoding) => {
    expect(codeOf(text, encoding)).toBe('malformed_secret')
  })
})

describe('S5: a public key never becomes an HMAC secret', () => {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }))

  it.each([
    ['PEM', pem, 'utf8'],
    ['PEM after a space', ` ${pem}`, 'utf8'],
    ['PEM without line breaks', pem.replaceAll('\n', ''), 'utf8'],
    ['base64 of PEM', Buffer.from(pem).toString('base64'), 'base64'],
    ['hex of DER', der.toString('hex'), 'hex'],
    ['base64 of DER, taken as text', der.toString('base64'), 'utf8'],
    ['a JWK', jwk, 'utf8'],
    ['a JWKS', `{"keys":[${jwk}]}`, 'utf8'],
  ] as const)('%s is refused', (_, text, encoding) => {
    expect(codeOf(text, encoding)).toBe('key_in_secret_field')
  })

  it('a URL is refused', () => {
    expect(codeOf('https://issuer.example/.well-known/jwks.json')).toBe('url_in_secret_field')
  })
})

describe('RFC 7518 3.2: a secret is as long as the hash', () => {
  it('of every HMAC algorithm that is accepted', () => {
    expect(codeOf('x'.repeat(31))).toBe('secret_too_short')
    expect(codeOf('x'.repeat(32))).toBe('taken')
    expect(codeOf('x'.repeat(63), 'utf8', strictQuality())).toBe('secret_too_short')
    expect(codeOf('x'.repeat(64), 'utf8', strictQuality())).toBe('taken')
  })

  it('unless allowWeakSecret says so, which warns; an empty one never', () => {
    const weak = strictQuality({ algorithmBits: hs256, allowWeakSecret: true })
    const result = recogniseSecret('x'.repeat(8), 'utf8', {}, weak)
    expect(result.ok && result.value.warnings.map(({ code }) => code)).toEqual(['secret_too_short'])
    expect(codeOf('', 'utf8', weak)).toBe('secret_empty')
  })
})

describe('a secret known from documentation', () => {
  const loose = { algorithmBits: hs256, allowWeakSecret: true }

  it.each(['secret', 'Secret', 'changeme', 'your-256-bit-secret', 'tyk123', 'keyboard cat'])(
    '%s is refused',
    (text) => {
      expect(codeOf(text, 'utf8', strictQuality(loose))).toBe('sample_secret')
      expect(codeOf(Buffer.from(text).toString('base64'), 'base64', strictQuality(loose))).toBe('sample_secret')
    },
  )

  it('is taken with allowSampleKey, and every loosening it needed is named', () => {
    const result = recogniseSecret('tyk123', 'utf8', {}, strictQuality({ ...loose, allowSampleKey: true }))
    expect(result.ok && result.value.warnings.map(({ code }) => code)).toEqual(['secret_too_short', 'sample_secret'])
  })
})
