import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isEcPoint } from './check-ec-point.ts'

const lengths = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const

function opensslTakes(crv: string, x: Buffer, y: Buffer): boolean {
  try {
    createPublicKey({
      key: { kty: 'EC', crv, x: x.toString('base64url'), y: y.toString('base64url') },
      format: 'jwk',
    })
    return true
  } catch {
    return false
  }
}

describe.each(Object.entries(lengths))('%s', (name, length) => {
  const crv = name as keyof typeof lengths
  const curves = (): (readonly [Buffer, Buffer])[] =>
    Array.from({ length: 20 }, () => {
      const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: crv }).publicKey.export({ format: 'jwk' })
      return [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')] as const
    })

  it('takes its points', () => {
    for (const [x, y] of curves()) expect(isEcPoint(crv, x, y)).toBe(true)
  })

  it('refuses what OpenSSL refuses: each bit of a point turned over, its coordinates exchanged, zero', () => {
    const [[x, y] = [Buffer.alloc(length), Buffer.alloc(length)]] = curves()
    for (let bit = 0; bit < length * 8; bit++) {
      const [badX, badY] = [Buffer.from(x), Buffer.from(y)]
      badX[bit >> 3] = (badX[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      badY[bit >> 3] = (badY[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(isEcPoint(crv, badX, y)).toBe(false)
      expect(isEcPoint(crv, x, badY)).toBe(false)
    }
    const zero = Buffer.alloc(length)
    for (const [a, b] of [
      [y, x],
      [zero, zero],
      [x, zero],
      [zero, y],
    ] as const) {
      expect(isEcPoint(crv, a, b)).toBe(opensslTakes(crv, a, b))
    }
  })
})

it.each([
  ['P-256', 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n],
  ['P-521', 2n ** 521n - 1n],
] as const)('of %s a coordinate beyond the prime is refused, though it is a point modulo the prime', (crv, p) => {
  const length = lengths[crv]
  const [x, y] = smallPoint(crv, p)
  expect(isEcPoint(crv, toBytes(x, length), y)).toBe(true)
  expect(opensslTakes(crv, toBytes(x, length), y)).toBe(true)
  expect(isEcPoint(crv, toBytes(x + p, length), y)).toBe(false)
})

/** A point whose x is so small that x + p has no more bytes. */
function smallPoint(crv: 'P-256' | 'P-521', p: bigint): readonly [x: bigint, y: Buffer] {
  for (let x = 1n; x < 1000n; x++) {
    const square = (((x * x * x - 3n * x + constants[crv]) % p) + p) % p
    const y = power(square, (p + 1n) / 4n, p)
    if ((y * y) % p === square) return [x, toBytes(y, lengths[crv])]
  }
  throw new Error(`no small point of ${crv}`)
}

const constants = {
  'P-256': 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  'P-521':
    0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
}

function power(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % p) {
    if ((rest & 1n) === 1n) result = (result * square) % p
  }
  return result
}

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex')
}
