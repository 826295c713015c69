import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { Algorithm } from '../domain/algorithm.ts'
import type { KeyRecord, PublicKeyRecord, SecretKeyRecord } from '../domain/key.ts'
import type { UnverifiedToken } from '../domain/token.ts'
import { ecdsaToDer } from './ecdsa-to-der.ts'
import { createKeyImporter, type KeyImporter } from './imported-keys.ts'

/** What of a token its signature is about. */
export type SignedText = Pick<UnverifiedToken, 'compact' | 'signingInputLength'>

const importOnce: KeyImporter = createKeyImporter()

/**
 * Whether the key made the token's signature with this algorithm (RFC 7515 5.2). Key type, curve and the key's own
 * algorithms must agree with it, and the signature must have exactly the right length, before any crypto happens.
 */
export function verifySignature(record: KeyRecord, algorithm: Algorithm, token: SignedText): boolean {
  if ((record.algorithmBits & algorithm.bit) === 0) return false
  const signatureBytes =
    record.kind === 'public' && record.jwk.kty === 'RSA' ? record.modulusBytes : algorithm.signatureBytes
  if (signatureBytes === undefined) return false
  const { compact, signingInputLength } = token
  if (compact.length - signingInputLength - 1 !== Math.ceil((signatureBytes * 4) / 3)) return false
  const signature = Buffer.from(compact.slice(signingInputLength + 1), 'base64url')
  if (signature.length !== signatureBytes) return false
  return record.kind === 'secret'
    ? verifyMac(record, algorithm, token, signature)
    : verifyPublic(record, algorithm, token, signature)
}

function verifyMac(record: SecretKeyRecord, algorithm: Algorithm, token: SignedText, signature: Buffer): boolean {
  if (algorithm.keyType !== 'oct' || algorithm.hash === undefined) return false
  const mac = createHmac(algorithm.hash, importOnce(record)).update(signingInput(token)).digest()
  return timingSafeEqual(mac, signature)
}

function verifyPublic(record: PublicKeyRecord, algorithm: Algorithm, token: SignedText, signature: Buffer): boolean {
  const { jwk } = record
  if (jwk.kty !== algorithm.keyType) return false
  if (jwk.kty !== 'RSA' && jwk.crv !== algorithm.curve) return false
  const key = withParameters(importOnce(record), algorithm)
  const encoded = algorithm.family === 'ecdsa' ? ecdsaToDer(signature) : signature
  return verify(algorithm.hash, signingInput(token), key, encoded)
}

/** Everything before the second dot; a compact JWS is ASCII, so each character is one byte. */
function signingInput(token: SignedText): Buffer {
  return Buffer.from(token.compact.slice(0, token.signingInputLength), 'latin1')
}

function withParameters(key: KeyObject, algorithm: Algorithm): Parameters<typeof verify>[2] {
  switch (algorithm.family) {
    case 'rsa':
      // A plain RSA key, as every JWK gives, means PKCS #1 v1.5; an options object costs 12 us more on Node 24.
      return algorithm.pss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.hashBytes } : key
    case 'ecdsa':
    case 'eddsa':
    case 'hmac':
      return key
  }
}
