import { err, type Result } from '../../domain/result.ts'

/** Why a key or secret is not taken, or (as a warning) what a named loosening let pass. */
export type KeyFaultCode =
  | 'private_key'
  | 'encrypted_key'
  | 'secret_in_key_field'
  | 'key_in_secret_field'
  | 'url_in_key_field'
  | 'url_in_secret_field'
  | 'ssh_key'
  | 'unknown_form'
  | 'several_keys'
  | 'malformed_pem'
  | 'malformed_der'
  | 'malformed_jwk'
  | 'malformed_certificate'
  | 'malformed_secret'
  | 'not_a_jwks'
  | 'too_many_keys'
  | 'secret_in_key_set'
  | 'mixed_key_set'
  | 'duplicate_kid'
  | 'no_usable_key'
  | 'unsupported_key'
  | 'invalid_point'
  | 'rsa_too_small'
  | 'rsa_too_large'
  | 'rsa_even'
  | 'rsa_exponent'
  | 'rsa_roca'
  | 'wrong_use'
  | 'wrong_key_ops'
  | 'wrong_alg'
  | 'algorithm_not_allowed'
  | 'certificate_mismatch'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'sample_key'
  | 'sample_secret'
  | 'secret_empty'
  | 'secret_too_short'

/** Plain words for the operator. Never holds a byte of the key or secret it is about. */
export interface KeyFault {
  readonly code: KeyFaultCode
  readonly message: string
  readonly hint: string
}

const faults: { readonly [C in KeyFaultCode]: readonly [message: string, hint: string] } = {
  // what was given
  private_key: ['a private key stands where a public key belongs', 'give the public half: `jotgate keys convert`'],
  encrypted_key: ['this is an encrypted private key', 'give the public half, which needs no passphrase'],
  secret_in_key_field: ['a shared secret stands where a public key belongs', 'write it under `sharedSecret`'],
  key_in_secret_field: ['a key stands where a shared secret belongs', 'write it under `publicKey` or `jwks`'],
  url_in_key_field: ['a URL stands where a key belongs', 'write a JWKS URL under `jwksUri`'],
  url_in_secret_field: ['a URL stands where a shared secret belongs', 'write the secret itself, or `${file:…}`'],
  ssh_key: ['this is an OpenSSH key', 'convert it: `ssh-keygen -e -m PKCS8 -f key.pub`'],
  unknown_form: ['no form a key comes in', 'give PEM, base64 DER, an X.509 certificate, a JWK or a JWKS'],
  several_keys: ['more than one key was given', 'write each key as an entry of its own'],
  // forms that do not parse
  malformed_pem: ['the PEM text cannot be read', 'copy it whole, with its BEGIN and END lines'],
  malformed_der: ['the DER bytes hold no public key', 'check that the file is whole'],
  malformed_jwk: ['the JWK cannot be read', 'its members must be as RFC 7518 section 6 says'],
  malformed_certificate: ['the certificate cannot be read', 'check that the file is whole'],
  malformed_secret: ['the secret is not spelt as `encoding` says', 'check `encoding`: utf8, base64, base64url or hex'],
  not_a_jwks: ['this is no JWKS', 'a JWKS is a JSON object with a list named `keys` (RFC 7517 5)'],
  // sets
  too_many_keys: ['the JWKS holds too many keys', 'at most 100 keys are read from one set'],
  secret_in_key_set: ['the JWKS holds a shared secret', 'a set of public keys must hold public keys only'],
  mixed_key_set: ['the JWKS mixes shared secrets and public keys', 'keep them apart: `sharedSecret` and `jwks`'],
  duplicate_kid: ['two different keys of one type share a kid; neither is used', 'give each key its own `kid`'],
  no_usable_key: ['the JWKS holds no usable key', 'see what is said about each of its keys'],
  // quality (S5)
  unsupported_key: ['keys of this type verify no signature here', 'use RSA, P-256, P-384, P-521 or Ed25519'],
  invalid_point: ['the point is not a usable one of its curve', 'the key is damaged or forged: fetch it again'],
  rsa_too_small: ['the RSA modulus is too short', 'use at least 2048 bits'],
  rsa_too_large: ['the RSA modulus is too long', 'use at most 4096 bits, or `allowLargeRsa: true` up to 8192'],
  rsa_even: ['the RSA modulus is even', 'the key is damaged or forged: fetch it again'],
  rsa_exponent: ['the RSA public exponent is refused', 'use 65537; `allowSmallExponent: true` takes 3 and up'],
  rsa_roca: ['the RSA key was made by a broken generator (ROCA, CVE-2017-15361)', 'make a new key'],
  wrong_use: ['the JWK is not for signatures', '`use` must be `sig` or absent (RFC 7517 4.2)'],
  wrong_key_ops: ['the JWK is not for verifying', '`key_ops` must hold `verify` or be absent (RFC 7517 4.3)'],
  wrong_alg: ['the `alg` of the JWK is none its key can verify', 'see RFC 7518 section 3.1'],
  algorithm_not_allowed: ['no accepted algorithm can use this key', 'name one this key can verify in `algorithms`'],
  certificate_mismatch: ['`x5c` holds another key than the JWK', 'the set is inconsistent: ask its owner'],
  certificate_expired: ['the certificate has expired', 'renew it, or `allowExpiredCertificate: true`'],
  certificate_not_yet_valid: ['the certificate is not valid yet', 'wait, or `allowExpiredCertificate: true`'],
  sample_key: [
    'this key is known from documentation: anybody can sign for it',
    'make your own: `jotgate keys generate`',
  ],
  sample_secret: ['this secret is known from documentation', 'make your own: `jotgate keys generate --alg HS256`'],
  secret_empty: ['the secret is empty', 'make one: `jotgate keys generate --alg HS256`'],
  secret_too_short: [
    'the secret is shorter than the hash (RFC 7518 3.2)',
    'make a longer one, or `allowWeakSecret: true`',
  ],
}

/** The fault a code stands for; `detail` says what was seen, never key material. */
export function keyFault(code: KeyFaultCode, detail?: string): KeyFault {
  const [message, hint] = faults[code]
  return { code, message: detail === undefined ? message : `${message}: ${detail}`, hint }
}

/** `keyFault` as a failed Result. */
export function refuseKey(code: KeyFaultCode, detail?: string): Result<never, KeyFault> {
  return err(keyFault(code, detail))
}
