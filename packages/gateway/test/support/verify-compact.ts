import { decodeBase64url } from '../../src/domain/base64url.ts'
import type { KeyRecord } from '../../src/domain/key.ts'
import { parseCompactJws } from '../../src/domain/parse-compact-jws.ts'
import { indexKeys } from '../../src/keys/key-index.ts'
import { verifySignature } from '../../src/keys/verify-signature.ts'

/** Above the longest vector. */
const bytesMax = 65_536

/** Whether a text is a token for the gateway's own parser: claims, and nothing but compact form. */
export function isToken(text: string): boolean {
  return parseCompactJws(text, bytesMax).ok
}

/**
 * Whether one of the keys made the signature of a compact JWS over any payload. Header and signature go through the
 * gateway's own parser beside an empty object; the payload only has to be base64url.
 */
export function verifyCompact(compact: string, keys: readonly KeyRecord[]): boolean {
  const [header, payload, signature, ...more] = compact.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return false
  const parsed = parseCompactJws(`${header}.e30.${signature}`, bytesMax)
  if (!parsed.ok || decodeBase64url(payload) === undefined) return false
  const { algorithm, kid } = parsed.value
  const signedText = { compact, signingInputLength: header.length + 1 + payload.length }
  return indexKeys(keys)
    .select(algorithm, kid)
    .some((key) => verifySignature(key, algorithm, signedText))
}
