import { exportJWK, importPKCS8, importSPKI, importX509 } from 'jose'
import type { Jwk } from './jwk.ts'
import { readPemBlock, writePem } from './pem.ts'
import { curveIdentifiers, wrapEcPrivateKey, wrapRsaPrivateKey, wrapRsaPublicKey } from './wrap-der.ts'

type KeyKind = 'RSA' | keyof typeof curveIdentifiers

const algorithmOf = { RSA: 'RS256', 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', Ed25519: 'EdDSA' } as const

/**
 * A PEM key as JWK: SPKI, PKCS#1, PKCS#8, SEC 1 or an X.509 certificate (whose validity is not looked at); line
 * breaks may be missing. Throws a TypeError that says what is wrong and holds nothing of the key.
 */
export async function fromPem(text: string): Promise<Jwk> {
  const block = readPemBlock(text)
  if (block === undefined) throw new TypeError('this is no PEM, or it is encrypted')
  const kind = kindOf(block.der, block.label)
  if (kind === undefined) throw new TypeError('a PEM key must be RSA, P-256, P-384, P-521 or Ed25519')
  try {
    const { kty, ...members } = await exportJWK(await importBlock(block.label, block.der, kind))
    // jose types `kty` as optional; the key it exports always has one.
    return { kty: kty ?? '', ...members } as Jwk
  } catch {
    throw new TypeError(`the PEM block ${block.label} cannot be read`)
  }
}

function importBlock(label: string, der: Uint8Array, kind: KeyKind): Promise<CryptoKey> {
  const options = { extractable: true }
  const algorithm = algorithmOf[kind]
  switch (label) {
    case 'CERTIFICATE':
      return importX509(writePem('CERTIFICATE', der), algorithm, options)
    case 'PUBLIC KEY':
      return importSPKI(writePem('PUBLIC KEY', der), algorithm, options)
    case 'RSA PUBLIC KEY':
      return importSPKI(writePem('PUBLIC KEY', wrapRsaPublicKey(der)), algorithm, options)
    case 'PRIVATE KEY':
      return importPKCS8(writePem('PRIVATE KEY', der), algorithm, options)
    case 'RSA PRIVATE KEY':
      return importPKCS8(writePem('PRIVATE KEY', wrapRsaPrivateKey(der)), algorithm, options)
    case 'EC PRIVATE KEY':
      if (kind === 'RSA' || kind === 'Ed25519') throw new TypeError('no curve')
      return importPKCS8(writePem('PRIVATE KEY', wrapEcPrivateKey(der, kind)), algorithm, options)
    default:
      throw new TypeError('another kind of PEM')
  }
}

/** The kind of key, by the object identifier inside; PKCS#1 holds none and says it in its label. */
function kindOf(der: Uint8Array, label: string): KeyKind | undefined {
  if (label.startsWith('RSA ')) return 'RSA'
  for (const kind of ['P-256', 'P-384', 'P-521', 'Ed25519'] as const) {
    if (holds(der, curveIdentifiers[kind])) return kind
  }
  return holds(der, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]) ? 'RSA' : undefined
}

function holds(bytes: Uint8Array, wanted: readonly number[]): boolean {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return true
  }
  return false
}
