/**
 * A verification key as configuration or a JWKS supplied it, normalised to a public JWK or a secret.
 * Plain data: it travels from control to workers and is imported only when first used.
 */
export type KeyRecord = PublicKeyRecord | SecretKeyRecord

interface KeyRecordBase {
  /** RFC 7638 thumbprint (SHA-256, base64url): the key's identity everywhere inside Jotgate. */
  readonly thumbprint: string
  /** The declared key id. A key without one fits any `kid`; a declared one must match (RFC 7515 4.1.4). */
  readonly kid: string | undefined
  /** Further ids under which a token may name this key: the RFC 7638 thumbprint and the SPKI-SHA-256 id. */
  readonly aliases: readonly string[]
  /** Bits of the algorithms this key may verify, from its type, curve, size and declared `alg` (`Algorithm.bit`). */
  readonly algorithmBits: number
  /** The `issuer` member some multi-tenant JWKS put on a key (S3). */
  readonly issuer: string | undefined
}

export interface PublicKeyRecord extends KeyRecordBase {
  readonly kind: 'public'
  /** Only the members RFC 7518 section 6 defines for a public key of this type. */
  readonly jwk:
    | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
    | { readonly kty: 'EC'; readonly crv: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string }
    | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  /** RSA signature length in bytes (the modulus length); undefined for other types. */
  readonly modulusBytes: number | undefined
}

export interface SecretKeyRecord extends KeyRecordBase {
  readonly kind: 'secret'
  /** base64url of the secret's bytes. A different type than a public key, so that neither can stand in for the other. */
  readonly secret: string
}

/** Whether a key source can be used right now. `unavailable`: never fetched, or stale beyond its bound. */
export type KeySetStatus = 'fresh' | 'stale' | 'unavailable'

/** Which weaker keys an operator asked for by name (S5). */
export interface KeyQuality {
  readonly algorithmBits: number
  readonly allowWeakSecret: boolean
  readonly allowSampleKey: boolean
  readonly allowExpiredCertificate: boolean
  readonly allowSmallExponent: boolean
  readonly allowLargeRsa: boolean
}
