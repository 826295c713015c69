import type { KeyQuality, KeyRecord } from '../../domain/key.ts'
import type { Result } from '../../domain/result.ts'
import { thumbprint } from '../key-ids.ts'
import { decodeBase64, decodeMember } from './base64.ts'
import { checkKeyQuality, type JwkMembers } from './check-key-quality.ts'
import { type KeyFault, refuseKey } from './key-fault.ts'
import { type KeyDeclaration, type MadeKey, makePublicKeyRecord, makeSecretKeyRecord } from './make-key-record.ts'
import { certificateKey, readCertificate } from './read-certificate.ts'

/** Members that hold a private key (RFC 7518 6.2.2, 6.3.2, RFC 8037 2). */
const privateMembers: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

/** Whether a JWK carries a private key, whatever else it says. */
export function isPrivateJwk(members: JwkMembers): boolean {
  return privateMembers.some((name) => Object.hasOwn(members, name))
}

/** Whether a JWK carries a shared secret, whatever else it says. */
export function isSecretJwk(members: JwkMembers): boolean {
  return members.kty === 'oct' || Object.hasOwn(members, 'k')
}

/** One JWK (RFC 7517 4) as a key record; its `use`, `key_ops`, `alg` and `x5c` are obeyed. */
export function readJwk(members: JwkMembers, quality: KeyQuality, nowMs: number): Result<MadeKey<KeyRecord>, KeyFault> {
  if (isPrivateJwk(members)) return refuseKey('private_key')
  const { use, key_ops: operations, kid, alg, issuer } = members
  if (use !== undefined && use !== 'sig') return refuseKey('wrong_use')
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return refuseKey('wrong_key_ops')
  }
  if (!isOptionalText(kid)) return refuseKey('malformed_jwk', '`kid` must be a string of 1 to 256 characters')
  if (!isOptionalText(alg)) return refuseKey('malformed_jwk', '`alg` must be a string')
  if (issuer !== undefined && typeof issuer !== 'string') return refuseKey('malformed_jwk', '`issuer` must be a string')
  const declared = { kid, alg, issuer }
  return isSecretJwk(members) ? readSecret(members, declared, quality) : readPublic(members, declared, quality, nowMs)
}

function readSecret(
  members: JwkMembers,
  declared: KeyDeclaration,
  quality: KeyQuality,
): Result<MadeKey<KeyRecord>, KeyFault> {
  const secret = decodeMember(members.k)
  if (members.kty !== 'oct' || secret === undefined) return refuseKey('malformed_jwk', '`k` must be base64url')
  return makeSecretKeyRecord(secret, declared, quality)
}

function readPublic(
  members: JwkMembers,
  declared: KeyDeclaration,
  quality: KeyQuality,
  nowMs: number,
): Result<MadeKey<KeyRecord>, KeyFault> {
  if (members.x5c === undefined) return makePublicKeyRecord(members, declared, quality)
  const der = firstCertificate(members.x5c)
  if (der === undefined) return refuseKey('malformed_jwk', '`x5c` must be a list of base64 certificates')
  if (isCertificateOnly(members)) return readCertificateOnly(members, der, declared, quality, nowMs)
  const made = makePublicKeyRecord(members, declared, quality)
  if (!made.ok) return made
  const certified = certificateKey(der)
  const same = certified === undefined ? undefined : checkKeyQuality(certified, quality)
  if (same?.ok !== true || thumbprint(same.value.jwk) !== made.value.record.thumbprint) {
    return refuseKey('certificate_mismatch')
  }
  return made
}

/** The certificate is the key's only source, so its validity counts; beside `n` and `e` the set itself vouches. */
function readCertificateOnly(
  members: JwkMembers,
  der: Buffer,
  declared: KeyDeclaration,
  quality: KeyQuality,
  nowMs: number,
): Result<MadeKey<KeyRecord>, KeyFault> {
  const certificate = readCertificate(der, quality, nowMs)
  if (!certificate.ok) return certificate
  if (members.kty !== certificate.value.jwk.kty) return refuseKey('certificate_mismatch')
  const made = makePublicKeyRecord(certificate.value.jwk, declared, quality)
  if (!made.ok) return made
  const { record, warnings } = made.value
  return { ok: true, value: { record, warnings: [...warnings, ...certificate.value.warnings] } }
}

function isCertificateOnly(members: JwkMembers): boolean {
  return !['n', 'e', 'x', 'y'].some((name) => Object.hasOwn(members, name))
}

function firstCertificate(x5c: unknown): Buffer | undefined {
  return Array.isArray(x5c) ? decodeBase64(x5c[0]) : undefined
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= 256)
}
