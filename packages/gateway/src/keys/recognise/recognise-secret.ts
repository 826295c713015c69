import type { KeyQuality, SecretKeyRecord } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import { decodeBase64, decodeMember } from './base64.ts'
import { type KeyFault, keyFault, refuseKey } from './key-fault.ts'
import { type MadeKey, makeSecretKeyRecord } from './make-key-record.ts'
import { looksLikePem } from './parse-pem.ts'
import { readDerKey } from './read-der-key.ts'
import { isSampleSecret } from './sample-keys.ts'
import { looksLikeUrl, parseJsonObject } from './sniff-text.ts'

/** How a configured secret spells its bytes. */
export type SecretEncoding = 'utf8' | 'base64' | 'base64url' | 'hex'

/**
 * A shared secret for HMAC. Anything that is a key in any spelling is refused, so that a public key can never be an
 * HMAC secret; so are secrets known from documentation and those shorter than the hash, unless loosened by name.
 */
export function recogniseSecret(
  text: string,
  encoding: SecretEncoding,
  declared: { readonly kid?: string | undefined },
  quality: KeyQuality,
): Result<MadeKey<SecretKeyRecord>, KeyFault> {
  if (looksLikeUrl(text)) return refuseKey('url_in_secret_field')
  const bytes = decodeSecret(text, encoding)
  if (isKey(text, bytes)) return refuseKey('key_in_secret_field')
  if (bytes === undefined) return refuseKey('malformed_secret', `expected ${encoding}`)
  const sample = isSampleSecret(text) || isSampleSecret(bytes.toString('latin1'))
  if (sample && !quality.allowSampleKey) return refuseKey('sample_secret')
  const made = makeSecretKeyRecord(bytes, declared, quality)
  if (!made.ok || !sample) return made
  return ok({ record: made.value.record, warnings: [...made.value.warnings, keyFault('sample_secret')] })
}

function decodeSecret(text: string, encoding: SecretEncoding): Buffer | undefined {
  switch (encoding) {
    case 'utf8':
      return Buffer.from(text, 'utf8')
    case 'base64':
      return decodeBase64(text)
    case 'base64url':
      return decodeMember(text)
    case 'hex': {
      const bytes = Buffer.from(text, 'hex')
      return bytes.toString('hex') === text.toLowerCase() ? bytes : undefined
    }
  }
}

function isKey(text: string, bytes: Buffer | undefined): boolean {
  const spellings = [text, ...(bytes === undefined ? [] : [bytes.toString('latin1')])]
  if (spellings.some((spelling) => looksLikePem(spelling) || isJsonKey(spelling))) return true
  return [bytes, decodeBase64(text)].some((der) => der !== undefined && isDerKey(der))
}

function isJsonKey(text: string): boolean {
  const json = parseJsonObject(text)
  return json !== undefined && (Object.hasOwn(json, 'kty') || Object.hasOwn(json, 'keys'))
}

function isDerKey(der: Buffer): boolean {
  const read = readDerKey(der)
  return read.ok || read.error.code !== 'malformed_der'
}
