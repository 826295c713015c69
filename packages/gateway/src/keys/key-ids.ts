import { createHash } from 'node:crypto'
import type { PublicKeyRecord } from '../domain/key.ts'
import { writeSpki } from './write-spki.ts'

/** RFC 7638 thumbprint of a public JWK: SHA-256 over its required members in order, base64url (43 characters). */
export function thumbprint(jwk: PublicKeyRecord['jwk']): string {
  return sha256(canonical(jwk))
}

/** RFC 7638 thumbprint of a shared secret. It lets short secrets be guessed offline: never show it (RFC 7638 7). */
export function secretThumbprint(secret: string): string {
  return sha256(JSON.stringify({ k: secret, kty: 'oct' }))
}

/** base64url SHA-256 of the DER SubjectPublicKeyInfo: what Axway calls a JWT Key ID. */
export function spkiKeyId(jwk: PublicKeyRecord['jwk']): string {
  return sha256(writeSpki(jwk))
}

function canonical(jwk: PublicKeyRecord['jwk']): string {
  switch (jwk.kty) {
    case 'RSA':
      return JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n })
    case 'EC':
      return JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })
    case 'OKP':
      return JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x })
  }
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('base64url')
}
