import { createPrivateKey, createPublicKey } from 'node:crypto'
import { ok, type Result } from '../../domain/result.ts'
import type { JwkMembers } from './check-key-quality.ts'
import { isWholeDer } from './der.ts'
import { type KeyFault, refuseKey } from './key-fault.ts'
import { certificateKey, exportJwk } from './read-certificate.ts'
import { readSpki } from './read-spki.ts'

/** What DER bytes hold. */
export type DerKey =
  | { readonly kind: 'key'; readonly jwk: JwkMembers }
  | { readonly kind: 'certificate'; readonly der: Buffer }

/** Tells a public key (SPKI, PKCS#1), a certificate and a private key apart, by parsing them as each in turn. */
export function readDerKey(der: Buffer): Result<DerKey, KeyFault> {
  if (!isWholeDer(der)) return refuseKey('malformed_der')
  if (isPrivate(der)) return refuseKey('private_key')
  const spki = readPublicDer(der, 'spki')
  if (spki.ok || spki.error.code !== 'malformed_der') return spki
  if (certificateKey(der) !== undefined) return ok({ kind: 'certificate', der })
  return readPublicDer(der, 'pkcs1')
}

/** A public key in one DER form: SubjectPublicKeyInfo (RFC 5280 4.1) or RSAPublicKey (RFC 8017 A.1.1). */
export function readPublicDer(der: Buffer, type: 'spki' | 'pkcs1'): Result<DerKey, KeyFault> {
  if (!isWholeDer(der)) return refuseKey('malformed_der')
  const plain = type === 'spki' ? readSpki(der) : undefined
  if (plain !== undefined) return ok({ kind: 'key', jwk: plain })
  try {
    const jwk = exportJwk(createPublicKey({ key: der, format: 'der', type }))
    return jwk === undefined ? refuseKey('unsupported_key') : ok({ kind: 'key', jwk })
  } catch {
    return refuseKey('malformed_der')
  }
}

function isPrivate(der: Buffer): boolean {
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      createPrivateKey({ key: der, format: 'der', type })
      return true
    } catch {
      return false
    }
  })
}
