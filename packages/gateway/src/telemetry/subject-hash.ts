import { createHmac, createSecretKey } from 'node:crypto'

/** Bytes of the hash that are kept: enough that two subjects of one installation never share one. */
const hashBytes = 16

/**
 * Makes the function that names a caller in logs: HMAC-SHA-256 of (`iss`, `sub`) with a key of this installation,
 * as 22 characters of base64url. A bare hash of an e-mail address would be the address (S23).
 */
export function createSubjectHash(key: Buffer): (iss: string | undefined, sub: string) => string {
  // Bytes as the key cost 11 us a hash on Node 24, a key object 2.
  const keyObject = createSecretKey(key)
  return (iss, sub) => {
    // The length in front makes the pair unambiguous; "no iss" differs from an empty one.
    const issuer = iss === undefined ? '-' : `${iss.length}:${iss}`
    return createHmac('sha256', keyObject).update(`${issuer}\n${sub}`).digest().toString('base64url', 0, hashBytes)
  }
}
