/** A JSON Web Key (RFC 7517): public, private or a secret, by its members. */
export interface Jwk {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
  readonly crv?: string
  readonly n?: string
  readonly e?: string
  readonly x?: string
  readonly y?: string
  readonly d?: string
  readonly p?: string
  readonly q?: string
  readonly dp?: string
  readonly dq?: string
  readonly qi?: string
  readonly k?: string
}

/** Whether the key holds a private half. */
export function isPrivateJwk(jwk: Jwk): boolean {
  return jwk.d !== undefined
}

/** The algorithm a key says, or the usual one of its type; undefined for a type that signs nothing here. */
export function usualAlgorithm(jwk: Jwk): string | undefined {
  // webMethods writes `"alg": "RSA"`, which names no algorithm.
  if (jwk.alg !== undefined && jwk.alg !== 'RSA') return jwk.alg
  switch (jwk.kty) {
    case 'RSA':
      return 'RS256'
    case 'oct':
      return 'HS256'
    case 'OKP':
      return jwk.crv === 'Ed25519' ? 'EdDSA' : undefined
    case 'EC':
      return { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }[jwk.crv ?? '']
    default:
      return undefined
  }
}
