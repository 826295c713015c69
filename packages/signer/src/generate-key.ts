import { base64url, exportJWK, generateKeyPair as generate } from 'jose'
import type { SigningAlgorithm } from './algorithm.ts'
import type { Jwk } from './jwk.ts'
import { thumbprintKeyId } from './key-id.ts'
import { toPublicJwk } from './to-public-jwk.ts'

/** A fresh key. Asymmetric ones have a public half for the gateway; a secret is the same on both sides. */
export type GeneratedKey =
  | { readonly kind: 'pair'; readonly privateJwk: Jwk; readonly publicJwk: Jwk }
  | { readonly kind: 'secret'; readonly secretJwk: Jwk }

const secretBytes: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 }
const modulusBitsDefault = 2048

/**
 * Makes a key for one algorithm, with `alg`, `use: sig` and the RFC 7638 thumbprint as `kid` (a random one for a
 * secret, whose thumbprint must not be shown: RFC 7638 7). RSA has 2048 bits unless said otherwise (2048 to 4096).
 */
export async function generateKey(
  algorithm: SigningAlgorithm = 'ES256',
  options: { readonly modulusBits?: number } = {},
): Promise<GeneratedKey> {
  const bytes = secretBytes[algorithm]
  if (bytes !== undefined) return { kind: 'secret', secretJwk: makeSecret(algorithm, bytes) }
  const modulusLength = options.modulusBits ?? modulusBitsDefault
  if (modulusLength < 2048 || modulusLength > 4096) throw new TypeError('RSA keys have 2048 to 4096 bits')
  const { privateKey } = await generate(algorithm, { extractable: true, modulusLength })
  const { kty = '', ...members } = await exportJWK(privateKey)
  const bare = { kty, ...members } as Jwk
  const about = { kid: await thumbprintKeyId(bare), alg: algorithm, use: 'sig' }
  const privateJwk = { ...bare, ...about }
  return { kind: 'pair', privateJwk, publicJwk: toPublicJwk(privateJwk) }
}

function makeSecret(algorithm: SigningAlgorithm, bytes: number): Jwk {
  return { kty: 'oct', k: random(bytes), kid: random(12), alg: algorithm, use: 'sig' }
}

function random(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
}
