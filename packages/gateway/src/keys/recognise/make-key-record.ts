import type { KeyQuality, PublicKeyRecord, SecretKeyRecord } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import { secretThumbprint, spkiKeyId, thumbprint } from '../key-ids.ts'
import { algorithmBitsOf, namesOfBits } from './algorithm-bits.ts'
import { checkKeyQuality, type JwkMembers } from './check-key-quality.ts'
import { checkSecretLength } from './check-secret-length.ts'
import { type KeyFault, keyFault, refuseKey } from './key-fault.ts'
import { isSampleKey } from './sample-keys.ts'

/** What was said about a key beside the key itself. */
export interface KeyDeclaration {
  readonly kid?: string | undefined
  readonly alg?: string | undefined
  readonly issuer?: string | undefined
}

/** A key taken, with the loosenings it needed. */
export interface MadeKey<Record> {
  readonly record: Record
  readonly warnings: readonly KeyFault[]
}

/** A record of a public key that passed S5 and that an accepted algorithm can use. */
export function makePublicKeyRecord(
  members: JwkMembers,
  declared: KeyDeclaration,
  quality: KeyQuality,
): Result<MadeKey<PublicKeyRecord>, KeyFault> {
  const checked = checkKeyQuality(members, quality)
  if (!checked.ok) return checked
  const { jwk, modulusBytes, warnings } = checked.value
  const bits = usableBits(algorithmBitsOf(jwk, undefined), algorithmBitsOf(jwk, declared.alg), quality)
  if (!bits.ok) return bits
  const id = thumbprint(jwk)
  const sample = isSampleKey(id)
  if (sample && !quality.allowSampleKey) return refuseKey('sample_key')
  const record: PublicKeyRecord = {
    kind: 'public',
    thumbprint: id,
    kid: declared.kid,
    aliases: [id, spkiKeyId(jwk)],
    algorithmBits: bits.value,
    issuer: declared.issuer,
    jwk,
    modulusBytes,
  }
  return ok({ record, warnings: sample ? [...warnings, keyFault('sample_key')] : warnings })
}

/** A record of a shared secret. It has no aliases: its thumbprint must not travel in tokens (RFC 7638 7). */
export function makeSecretKeyRecord(
  secret: Buffer,
  declared: KeyDeclaration,
  quality: KeyQuality,
): Result<MadeKey<SecretKeyRecord>, KeyFault> {
  const all = algorithmBitsOf({ kty: 'oct' }, undefined)
  const bits = usableBits(all, algorithmBitsOf({ kty: 'oct' }, declared.alg), quality)
  if (!bits.ok) return bits
  const length = checkSecretLength(secret.length, bits.value, quality)
  if (!length.ok) return length
  const text = secret.toString('base64url')
  const id = secretThumbprint(text)
  const sample = isSampleKey(id)
  if (sample && !quality.allowSampleKey) return refuseKey('sample_key')
  const record: SecretKeyRecord = {
    kind: 'secret',
    thumbprint: id,
    kid: declared.kid,
    aliases: [],
    algorithmBits: bits.value,
    issuer: declared.issuer,
    secret: text,
  }
  return ok({ record, warnings: sample ? [...length.value, keyFault('sample_key')] : length.value })
}

/** `possible`: by shape alone; `declared`: narrowed by the key's own `alg`; both narrowed to what is accepted. */
function usableBits(possible: number, declared: number, quality: KeyQuality): Result<number, KeyFault> {
  if (declared === 0) return refuseKey('wrong_alg', `this key can verify ${namesOfBits(possible).join(', ')}`)
  const bits = declared & quality.algorithmBits
  if (bits !== 0) return ok(bits)
  return refuseKey('algorithm_not_allowed', `it can verify ${namesOfBits(declared).join(', ')}`)
}
