/** JWS algorithms keys are made for and tokens are signed with (RFC 7518 3.1, RFC 8037, RFC 9864). */
export type SigningAlgorithm =
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

/** Every algorithm, the default first. */
export const signingAlgorithms: readonly SigningAlgorithm[] = [
  'ES256',
  'RS256',
  'PS256',
  'EdDSA',
  'Ed25519',
  'ES384',
  'ES512',
  'RS384',
  'RS512',
  'PS384',
  'PS512',
  'HS256',
  'HS384',
  'HS512',
]

/** Whether a text names a signing algorithm, exactly (RFC 7515 4.1.1). */
export function isSigningAlgorithm(name: string | undefined): name is SigningAlgorithm {
  return signingAlgorithms.some((algorithm) => algorithm === name)
}
