/** JWS algorithm names Jotgate verifies (RFC 7518 section 3, RFC 8037, RFC 9864). `none` is not one of them. */
export type AlgorithmName =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** The names `algorithms` also accepts, each standing for a whole family. */
export type AlgorithmFamily = 'hmac' | 'rsa' | 'ecdsa' | 'eddsa'

/** What a key must be to carry an algorithm, and what its signature must look like. */
export interface Algorithm {
  readonly name: AlgorithmName
  readonly family: AlgorithmFamily
  /** One bit, so that a set of algorithms is a small integer. */
  readonly bit: number
  readonly keyType: 'oct' | 'RSA' | 'EC' | 'OKP'
  /** The only curve the algorithm may be used with, for EC and OKP. */
  readonly curve: 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | undefined
  /** Node's digest name; undefined where the scheme hashes by itself (EdDSA). */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined
  readonly hashBytes: number
  /** RSASSA-PSS; the salt is exactly as long as the hash (RFC 7518 3.5). */
  readonly pss: boolean
  /** Exact signature length in bytes; undefined for RSA, where it is the modulus length. */
  readonly signatureBytes: number | undefined
}

type Row = readonly [
  AlgorithmName,
  AlgorithmFamily,
  Algorithm['keyType'],
  Algorithm['curve'],
  Algorithm['hash'],
  number,
  boolean,
  number | undefined,
]

const rows: readonly Row[] = [
  ['HS256', 'hmac', 'oct', undefined, 'sha256', 32, false, 32],
  ['HS384', 'hmac', 'oct', undefined, 'sha384', 48, false, 48],
  ['HS512', 'hmac', 'oct', undefined, 'sha512', 64, false, 64],
  ['RS256', 'rsa', 'RSA', undefined, 'sha256', 32, false, undefined],
  ['RS384', 'rsa', 'RSA', undefined, 'sha384', 48, false, undefined],
  ['RS512', 'rsa', 'RSA', undefined, 'sha512', 64, false, undefined],
  ['PS256', 'rsa', 'RSA', undefined, 'sha256', 32, true, undefined],
  ['PS384', 'rsa', 'RSA', undefined, 'sha384', 48, true, undefined],
  ['PS512', 'rsa', 'RSA', undefined, 'sha512', 64, true, undefined],
  ['ES256', 'ecdsa', 'EC', 'P-256', 'sha256', 32, false, 64],
  ['ES384', 'ecdsa', 'EC', 'P-384', 'sha384', 48, false, 96],
  ['ES512', 'ecdsa', 'EC', 'P-521', 'sha512', 64, false, 132],
  ['EdDSA', 'eddsa', 'OKP', 'Ed25519', undefined, 64, false, 64],
  ['Ed25519', 'eddsa', 'OKP', 'Ed25519', undefined, 64, false, 64],
]

/** Every algorithm, in a table: knowledge lives here, code is handed the row. */
export const algorithms: readonly Algorithm[] = rows.map(
  ([name, family, keyType, curve, hash, hashBytes, pss, signatureBytes], index) => ({
    name,
    family,
    bit: 1 << index,
    keyType,
    curve,
    hash,
    hashBytes,
    pss,
    signatureBytes,
  }),
)

const byName: ReadonlyMap<string, Algorithm> = new Map(algorithms.map((algorithm) => [algorithm.name, algorithm]))

/** The row for a JWS `alg` value, compared exactly (RFC 7515 4.1.1: case-sensitive). */
export function findAlgorithm(name: string): Algorithm | undefined {
  return byName.get(name)
}

/** The rows a configured name stands for: one algorithm, or all of a family. */
export function expandAlgorithmName(name: AlgorithmName | AlgorithmFamily): readonly Algorithm[] {
  const single = byName.get(name)
  return single === undefined ? algorithms.filter((algorithm) => algorithm.family === name) : [single]
}
