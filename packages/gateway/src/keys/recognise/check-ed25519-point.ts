const p = 2n ** 255n - 19n
/** -121665/121666, the curve's constant (RFC 8032 5.1). */
const d = mod(-121665n * power(121666n, p - 2n))

/** y of a point of order 8; the others' are its negative, 1, -1 and 0. */
const orderEightY = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

/** With a key of small order anybody makes signatures that verify, and OpenSSL imports it. */
const smallOrderY: ReadonlySet<bigint> = new Set([0n, 1n, p - 1n, orderEightY, p - orderEightY])

/** Whether 32 bytes spell a point of Ed25519 (RFC 8032 5.1.3), canonically, and none of small order. */
export function isEd25519Point(bytes: Buffer): boolean {
  if (bytes.length !== 32) return false
  const encoded = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
  const y = encoded & (2n ** 255n - 1n)
  if (y >= p || smallOrderY.has(y)) return false
  const numerator = mod(y * y - 1n)
  const denominator = mod(d * y * y + 1n)
  return power(numerator * denominator, (p - 1n) / 2n) === 1n
}

function mod(value: bigint): bigint {
  const rest = value % p
  return rest < 0n ? rest + p : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = mod(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square)
    square = mod(square * square)
  }
  return result
}
