/** A prime and the constant `b` of y² = x³ - 3x + b (NIST SP 800-186 3.2.1). All three curves have cofactor 1. */
const curves: Readonly<Record<'P-256' | 'P-384' | 'P-521', { readonly p: bigint; readonly b: bigint }>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Whether two coordinates, big-endian, are a point of a NIST curve (SP 800-56A 5.6.2.3.3). Of a curve with cofactor 1
 * nothing more needs checking. OpenSSL says the same, in fifty times the time; it says it again when the key is first used.
 */
export function isEcPoint(crv: keyof typeof curves, x: Buffer, y: Buffer): boolean {
  const { p, b } = curves[crv]
  const [first, second] = [toNumber(x), toNumber(y)]
  if (first >= p || second >= p) return false
  return (second * second - (first * first - 3n) * first - b) % p === 0n
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}
