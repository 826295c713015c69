import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeCertificate, type Pair } from '../../../test/support/make-certificate.ts'
import { readAuthorities } from './read-authorities.ts'
import { readServerCertificate } from './read-server-certificate.ts'

const nowMs = Date.now()
const day = 24 * 3_600_000
const root = makeCertificate({ name: 'root', ca: true, keyType: 'rsa' })
const between = makeCertificate({ name: 'between', ca: true, issuer: root })
const shop = makeCertificate({ name: 'shop', names: ['shop.example', '*.shop.example'], issuer: between })
const other = makeCertificate({ name: 'other', names: ['other.example'], issuer: between })

function codes(chain: string, key: string, atMs = nowMs): readonly string[] {
  const read = readServerCertificate(chain, key, atMs)
  const told = read.ok ? read.value.warnings : read.error
  return told.map(({ field, code }) => `${read.ok ? 'warning ' : ''}${field} ${code}`)
}

function alone(wish: Omit<Parameters<typeof makeCertificate>[0], 'name'>): readonly string[] {
  const pair = makeCertificate({ name: 'x', names: ['x.example'], issuer: between, ...wish })
  return codes(pair.certificate + between.certificate, pair.privateKey)
}

describe('a certificate and its key', () => {
  it('are read in PEM with the chain behind, whatever stands between the blocks', () => {
    const chain = `Bag Attributes\n  friendlyName: shop\n${shop.certificate}# issuer\n${between.certificate}${root.certificate}`
    const read = readServerCertificate(chain, shop.privateKey, nowMs)
    expect(read).toMatchObject({
      ok: true,
      value: { certificate: { names: ['shop.example', '*.shop.example'], keyType: 'ec' }, warnings: [] },
    })
    expect(read.ok && read.value.certificate.chain).toBe(shop.certificate + between.certificate + root.certificate)
  })

  it.each(['rsa', 'ed25519', 'ec'] as const)('of type %s are read', (keyType) => {
    expect(alone({ keyType })).toEqual([])
  })

  it('with line breaks spelled out, as environment variables have them, and as DER in base64', () => {
    const oneLine = shop.privateKey.replaceAll('\n', '\\n')
    expect(codes(shop.certificate.replaceAll('\n', '\\n'), oneLine)).toEqual([])
    const der = (text: string): string => text.replaceAll(/-----[^-]+-----|\n/g, '')
    expect(codes(der(shop.certificate), der(shop.privateKey))).toEqual([])
  })
})

describe('S21 a certificate that would not work is told before it is shown', () => {
  const encrypted = String(shop.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' }))
  const publicKey = String(createPublicKey(shop.key).export({ type: 'spki', format: 'pem' }))
  const expired = makeCertificate({ name: 'e', names: ['e'], fromMs: nowMs - 9 * day, toMs: nowMs - day })
  const early = makeCertificate({ name: 'e', names: ['e'], fromMs: nowMs + day })
  const renewed = makeCertificate({ name: 'shop', names: ['shop.example'], key: shop.key, issuer: between })

  const table: readonly (readonly [string, string, string, readonly string[]])[] = [
    ['of another pair', shop.certificate, other.privateKey, ['certificate key_mismatch']],
    ['renewed with the same key', renewed.certificate, shop.privateKey, []],
    ['behind its issuer', between.certificate + shop.certificate, shop.privateKey, ['certificate leaf_not_first']],
    ['expired', expired.certificate, expired.privateKey, ['certificate tls_certificate_expired']],
    ['not valid yet', early.certificate, early.privateKey, ['certificate tls_certificate_not_yet_valid']],
    ['cut off', shop.certificate.slice(0, 200), shop.privateKey, ['certificate malformed_chain']],
    [
      'cut off in its issuer',
      shop.certificate + between.certificate.slice(0, 99),
      shop.privateKey,
      ['certificate malformed_chain'],
    ],
    [
      'with a damaged byte count',
      shop.certificate.replace('MII', 'MIJ'),
      shop.privateKey,
      ['certificate malformed_chain'],
    ],
    ['that is something else', 'hello', shop.privateKey, ['certificate malformed_chain']],
    ['that is its key', shop.privateKey, shop.privateKey, ['certificate private_key_in_certificate']],
    [
      'with its key in one file',
      shop.certificate + shop.privateKey,
      shop.privateKey,
      ['certificate private_key_in_certificate'],
    ],
    ['in place of the key', shop.certificate, shop.certificate, ['privateKey certificate_in_private_key']],
    ['with the public key', shop.certificate, publicKey, ['privateKey public_key_in_private_key']],
    ['with an encrypted key', shop.certificate, encrypted, ['privateKey encrypted_private_key']],
    ['with a key cut off', shop.certificate, shop.privateKey.slice(0, 99), ['privateKey malformed_private_key']],
    ['with two keys', shop.certificate, shop.privateKey + other.privateKey, ['privateKey malformed_private_key']],
    [
      'with both swapped',
      shop.privateKey,
      shop.certificate,
      ['certificate private_key_in_certificate', 'privateKey certificate_in_private_key'],
    ],
  ]

  it.each(table)('%s', (_name, chain, key, expected) => {
    expect(codes(chain, key)).toEqual(expected)
  })

  it.each<readonly [string, Parameters<typeof alone>[0], readonly string[]]>([
    ['RSA with 1024 bits', { keyType: 'rsa', rsaBits: 1024 }, ['certificate weak_certificate_key']],
    ['a curve callers do not know', { curve: 'secp256k1' }, ['certificate weak_certificate_key']],
    ['a signature over SHA-1', { issuer: root, hash: 'sha1' }, ['certificate weak_signature']],
    ['an ECDSA signature over SHA-1', { hash: 'sha1' }, ['certificate weak_signature']],
  ])('%s', (_name, wish, expected) => {
    expect(alone(wish).filter((code) => !code.startsWith('warning'))).toEqual(expected)
  })

  it('every fault of a certificate at once', () => {
    expect(alone({ keyType: 'rsa', rsaBits: 1024, toMs: nowMs - 1000, hash: 'sha1' })).toEqual([
      'certificate tls_certificate_expired',
      'certificate weak_signature',
      'certificate weak_certificate_key',
    ])
  })
})

describe('what works and will not for long, or not for everybody, is a warning', () => {
  it('fourteen days before its end, and no sooner', () => {
    const pair = makeCertificate({ name: 'x', names: ['x'], toMs: nowMs + 20 * day })
    expect(codes(pair.certificate, pair.privateKey)).toEqual([])
    expect(codes(pair.certificate, pair.privateKey, nowMs + 7 * day)).toEqual([
      'warning certificate certificate_expires_soon',
    ])
  })

  const old = makeCertificate({ name: 'between', ca: true, issuer: root, key: between.key, toMs: nowMs - day })
  it.each<readonly [string, string, Pair, readonly string[]]>([
    ['without names', '', makeCertificate({ name: 'x' }), ['warning certificate certificate_without_names']],
    [
      'a chain with a stranger in it',
      other.certificate + between.certificate,
      shop,
      ['warning certificate chain_order'],
    ],
    ['an expired issuer', old.certificate, shop, ['warning certificate issuer_expired']],
  ])('%s', (_name, rest, pair, expected) => {
    expect(codes(pair.certificate + rest, pair.privateKey)).toEqual(expected)
  })
})

describe('issuers of client certificates', () => {
  it('are certificates that may issue', () => {
    expect(readAuthorities(root.certificate + between.certificate, nowMs)).toMatchObject({
      ok: true,
      value: { pem: root.certificate + between.certificate, warnings: [] },
    })
    expect(readAuthorities(root.certificate, nowMs + 1000 * day)).toMatchObject({
      value: { warnings: [{ code: 'issuer_expired' }] },
    })
  })

  it.each([
    ['a certificate that may not', shop.certificate, 'not_an_authority'],
    ['a private key', root.privateKey, 'private_key_in_certificate'],
    ['half a certificate', root.certificate.slice(0, 300), 'malformed_chain'],
  ])('%s is none', (_name, text, code) => {
    expect(readAuthorities(text, nowMs)).toMatchObject({ ok: false, error: { code } })
  })
})
