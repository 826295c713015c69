import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { selfSigned } from '../../../test/support/self-signed.ts'
import { strictQuality } from '../../../test/support/strict-quality.ts'
import type { PublicKeyRecord } from '../../domain/key.ts'
import { recogniseKeys } from './recognise-key.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const nowMs = Date.parse('2026-06-01T00:00:00Z')
const certificate = selfSigned(rsa.privateKey, 30)

function pem(key: KeyObject, type: 'spki' | 'pkcs1' = 'spki'): string {
  return key.export({ type, format: 'pem' }).toString()
}

function recognise(text: string, declared: { kid?: string } = {}, quality = strictQuality(), atMs = nowMs) {
  return recogniseKeys(text, declared, quality, atMs)
}

function only(text: string, declared: { kid?: string } = {}): PublicKeyRecord {
  const result = recognise(text, declared)
  if (!result.ok) throw new Error(result.error.code)
  const [key] = result.value.keys
  if (result.value.keys.length !== 1 || key?.kind !== 'public') throw new Error('not one public key')
  return key
}

function faultOf(text: string, quality = strictQuality(), atMs = nowMs): string {
  const result = recognise(text, {}, quality, atMs)
  return result.ok ? 'taken' : result.error.code
}

describe('a key field recognises what it was given', () => {
  const jwk = { ...rsa.publicKey.export({ format: 'jwk' }) }
  const spki = pem(rsa.publicKey)
  const der = rsa.publicKey.export({ type: 'spki', format: 'der' })

  it.each([
    ['PEM SPKI', spki],
    ['PEM PKCS#1', pem(rsa.publicKey, 'pkcs1')],
    ['PEM as `tr -d "\\n"` leaves it', spki.replaceAll('\n', '')],
    ['PEM with its line breaks spelt \\n', spki.replaceAll('\n', '\\n')],
    ['PEM with CRLF and space around it', `\r\n  ${spki.replaceAll('\n', '\r\n')}  \t\n`],
    ['base64 DER', der.toString('base64')],
    ['base64 DER over several lines', der.toString('base64').replaceAll(/(.{64})/g, '$1\n')],
    ['base64 DER of PKCS#1', rsa.publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')],
    ['base64 of PEM', Buffer.from(spki).toString('base64')],
    ['a JWK', JSON.stringify(jwk)],
    ['a JWKS', JSON.stringify({ keys: [jwk] })],
  ])('%s', (_, text) => {
    expect(only(text).jwk).toEqual({ kty: 'RSA', n: jwk.n, e: 'AQAB' })
  })

  it('a certificate in PEM, stripped PEM and base64 DER, while it is valid', () => {
    const body = certificate.replaceAll(/-----[A-Z ]+-----|\n/g, '')
    const atMs = Date.now() + 60_000
    for (const text of [certificate, certificate.replaceAll('\n', ''), body]) {
      const result = recognise(text, {}, strictQuality(), atMs)
      expect(result.ok && result.value.keys[0]).toMatchObject({ jwk: { n: jwk.n }, modulusBytes: 256 })
    }
  })

  it('EC and Ed25519 keys', () => {
    expect(only(pem(ec.publicKey)).jwk).toMatchObject({ kty: 'EC', crv: 'P-256' })
    expect(only(pem(ed.publicKey)).jwk).toMatchObject({ kty: 'OKP', crv: 'Ed25519' })
  })

  it('the kid written beside a key wins over its own, and its ids are aliases', () => {
    const key = only(JSON.stringify({ ...jwk, kid: 'own' }), { kid: 'declared' })
    expect(key.kid).toBe('declared')
    expect(key.aliases).toHaveLength(2)
    expect(key.aliases[0]).toBe(key.thumbprint)
    expect(only(JSON.stringify({ ...jwk, kid: 'own' })).kid).toBe('own')
    expect(only(spki).kid).toBeUndefined()
  })

  it("certificates under their kids, Google's form", () => {
    const result = recognise(JSON.stringify({ one: certificate }), {}, strictQuality(), Date.now() + 60_000)
    expect(result.ok && result.value.keys[0]).toMatchObject({ kid: 'one', jwk: { n: jwk.n } })
  })
})

describe('a key field says in plain words what stands there instead', () => {
  const encrypted = rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const encryptedOld = rsa.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const spki = pem(rsa.publicKey)

  it.each([
    ['private_key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['private_key', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString().replaceAll('\n', '')],
    ['private_key', ec.privateKey.export({ type: 'sec1', format: 'pem' }).toString()],
    ['private_key', ec.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')],
    ['private_key', JSON.stringify(ec.privateKey.export({ format: 'jwk' }))],
    ['private_key', JSON.stringify({ keys: [ec.privateKey.export({ format: 'jwk' })] })],
    ['private_key', `${spki}${rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()}`],
    ['encrypted_key', encrypted.toString()],
    ['encrypted_key', encryptedOld.toString()],
    ['secret_in_key_field', 'a-shared-secret-of-some-length-0123456789'],
    ['secret_in_key_field', JSON.stringify({ kty: 'oct', k: 'AAAA' })],
    ['secret_in_key_set', JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }] })],
    ['url_in_key_field', 'https://issuer.example/jwks.json'],
    ['ssh_key', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ user@host'],
    ['several_keys', spki + spki],
    ['malformed_pem', spki.replace('-----END PUBLIC KEY-----', '')],
    ['malformed_pem', spki.replace('MII', '!II')],
    ['malformed_pem', `x${spki}`],
    ['malformed_der', '-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----'],
    ['unknown_form', '{}'],
    ['unknown_form', '[]\n[]'],
    ['unknown_form', ''],
    ['unknown_form', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'],
    ['not_a_jwks', '{"keys":1}'],
    ['no_usable_key', '{"keys":[]}'],
    ['unsupported_key', pem(generateKeyPairSync('ed448').publicKey)],
    ['unsupported_key', pem(generateKeyPairSync('x25519').publicKey)],
    ['unsupported_key', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['unsupported_key', pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)],
    ['rsa_too_small', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
  ])('%s', (code, text) => {
    expect(faultOf(text)).toBe(code)
  })

  it('bytes after the key make it another file', () => {
    const der = Buffer.concat([rsa.publicKey.export({ type: 'spki', format: 'der' }), Buffer.from('tail')])
    expect(faultOf(der.toString('base64'))).not.toBe('taken')
  })

  it('no message holds a byte of a private key or secret', () => {
    const jwk = ec.privateKey.export({ format: 'jwk' })
    const texts = [
      JSON.stringify(jwk),
      ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'canary-secret',
    ]
    for (const text of texts) {
      const result = recognise(text)
      const said = JSON.stringify(result)
      expect(result.ok).toBe(false)
      expect(said).not.toContain('canary')
      expect(said).not.toContain(jwk.d)
      expect(said).not.toContain('MIG')
    }
  })

  it('a certificate outside its validity, unless that is allowed by name, and then it is said', () => {
    const expiredMs = Date.now() + 40 * 86_400_000
    const earlyMs = Date.now() - 86_400_000
    expect(faultOf(certificate, strictQuality(), expiredMs)).toBe('certificate_expired')
    expect(faultOf(certificate, strictQuality(), earlyMs)).toBe('certificate_not_yet_valid')
    const loose = recognise(certificate, {}, strictQuality({ allowExpiredCertificate: true }), expiredMs)
    expect(loose.ok && loose.value.warnings.map(({ code }) => code)).toEqual(['certificate_expired'])
  })
})
