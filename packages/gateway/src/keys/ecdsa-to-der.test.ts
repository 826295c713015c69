import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ecdsaToDer } from './ecdsa-to-der.ts'

const curves = [
  ['P-256', 'sha256', 64],
  ['P-384', 'sha384', 96],
  ['P-521', 'sha512', 132],
] as const

describe('an ECDSA signature for OpenSSL', () => {
  it.each(curves)('%s: what Node makes of r and s is valid as DER too, however small they are', (namedCurve, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
    // Enough that some have a leading zero, and some a first bit of one.
    for (let round = 0; round < 600; round++) {
      const data = Buffer.from(`text ${round}`)
      const signature = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      expect(verify(hash, data, publicKey, ecdsaToDer(signature))).toBe(true)
      signature[round % signature.length] = (signature[round % signature.length] ?? 0) ^ 1
      expect(verify(hash, data, publicKey, ecdsaToDer(signature))).toBe(false)
    }
  })

  it.each(curves)('%s: zeros and ones all over are refused, not thrown at', (namedCurve, hash, bytes) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      expect(verify(hash, Buffer.from('x'), publicKey, ecdsaToDer(Buffer.alloc(bytes, byte)))).toBe(false)
    }
  })

  it('is in the one form DER has', () => {
    const small = Buffer.alloc(64)
    small[31] = 1
    small[63] = 0x80
    expect(ecdsaToDer(small).toString('hex')).toBe('30070201010202' + '0080')
    expect(ecdsaToDer(Buffer.alloc(64)).toString('hex')).toBe('3006020100020100')
    expect(ecdsaToDer(Buffer.alloc(132, 0xff)).subarray(0, 6).toString('hex')).toBe('30818a024300')
  })
})
