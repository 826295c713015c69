/**
 * The primes that tell keys of Infineon's broken generator (CVE-2017-15361) from others: their moduli are powers of
 * 65537 modulo each of them. A sound key passes for one in 2^27 times.
 */
const primes: readonly number[] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

/** Whether an RSA modulus (big-endian bytes) has the ROCA fingerprint, so that its private key can be computed. */
export function hasRocaFingerprint(modulus: Buffer): boolean {
  const value = BigInt(`0x${modulus.toString('hex')}`)
  return primes.every((prime) => isPowerOf65537(Number(value % BigInt(prime)), prime))
}

function isPowerOf65537(residue: number, prime: number): boolean {
  let power = 1
  do {
    if (power === residue) return true
    power = (power * (65537 % prime)) % prime
  } while (power !== 1)
  return false
}
