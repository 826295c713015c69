import { CompactSign, importJWK } from 'jose'
import { isSigningAlgorithm } from './algorithm.ts'
import { type Jwk, usualAlgorithm } from './jwk.ts'

/** Header members a caller may add or replace (RFC 7515 4.1). */
export interface TokenHeader {
  readonly alg?: string
  readonly kid?: string
  readonly typ?: string
  readonly [member: string]: unknown
}

/**
 * Signs claims as a compact JWS, exactly as given: no claim is added. `alg` is the key's own or the usual one of its
 * type, `kid` the key's own, `typ` is `JWT`; `header` adds to them or replaces them.
 * Throws a TypeError when the key cannot sign.
 */
export async function signToken(
  claims: { readonly [claim: string]: unknown },
  key: Jwk,
  header: TokenHeader = {},
): Promise<string> {
  const alg = header.alg ?? usualAlgorithm(key)
  if (!isSigningAlgorithm(alg)) throw new TypeError('the key names no algorithm to sign with')
  if (key.kty !== 'oct' && key.d === undefined) throw new TypeError('signing needs the private key')
  const { alg: _, use: __, ...members } = key
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return await new CompactSign(payload)
    .setProtectedHeader({ typ: 'JWT', ...(key.kid !== undefined && { kid: key.kid }), ...header, alg })
    .sign(await importJWK({ ...members }, alg))
}
