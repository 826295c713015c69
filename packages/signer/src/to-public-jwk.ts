import type { Jwk } from './jwk.ts'

/** The public half of a key, with its `kid`, `alg` and `use`. Throws a TypeError for a secret, which has none. */
export function toPublicJwk(jwk: Jwk): Jwk {
  const about = {
    ...(jwk.kid !== undefined && { kid: jwk.kid }),
    ...(jwk.alg !== undefined && { alg: jwk.alg }),
    ...(jwk.use !== undefined && { use: jwk.use }),
  }
  return { ...publicMembers(jwk), ...about }
}

/** The required members of a public key (RFC 7638 3.2), each of them present. */
function publicMembers(jwk: Jwk): Jwk {
  const { kty, crv, n, e, x, y } = jwk
  if (kty === 'RSA' && n !== undefined && e !== undefined) return { kty, n, e }
  if (kty === 'EC' && crv !== undefined && x !== undefined && y !== undefined) return { kty, crv, x, y }
  if (kty === 'OKP' && crv !== undefined && x !== undefined) return { kty, crv, x }
  throw new TypeError(kty === 'oct' ? 'a shared secret has no public half' : 'the JWK lacks members of its key')
}
