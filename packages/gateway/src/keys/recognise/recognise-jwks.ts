import type { KeyQuality } from '../../domain/key.ts'
import type { Result } from '../../domain/result.ts'
import { type KeyFault, refuseKey } from './key-fault.ts'
import { looksLikePem } from './parse-pem.ts'
import { type ReadKeys, readJwks } from './read-jwks.ts'
import { looksLikeUrl, parseJsonObject } from './sniff-text.ts'

/** A JWKS the operator wrote as text. It may hold public keys, or shared secrets, but not both. */
export function recogniseJwks(text: string, quality: KeyQuality, nowMs: number): Result<ReadKeys, KeyFault> {
  const json = parseJsonObject(text)
  if (json !== undefined) return readJwks(json, quality, nowMs, 'operator')
  if (looksLikeUrl(text)) return refuseKey('url_in_key_field')
  return refuseKey('not_a_jwks', looksLikePem(text) ? 'it is PEM: write it under `publicKey`' : undefined)
}
