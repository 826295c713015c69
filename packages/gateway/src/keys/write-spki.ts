import type { PublicKeyRecord } from '../domain/key.ts'

type PublicJwk = PublicKeyRecord['jwk']

/** AlgorithmIdentifiers, as DER in hex: RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 3. */
const algorithmIds = {
  RSA: '300d06092a864886f70d0101010500',
  'P-256': '301306072a8648ce3d020106082a8648ce3d030107',
  'P-384': '301006072a8648ce3d020106052b81040022',
  'P-521': '301006072a8648ce3d020106052b81040023',
  Ed25519: '300506032b6570',
} as const

const sequence = 0x30
const integer = 0x02
const bitString = 0x03
const uncompressed = 0x04

/**
 * The DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7) of a public JWK whose members are canonical, points uncompressed.
 * Written here because OpenSSL takes 0.1 ms to, and an installation may hold tens of thousands of keys.
 */
export function writeSpki(jwk: PublicJwk): Buffer {
  const algorithm = Buffer.from(algorithmIds[jwk.kty === 'RSA' ? 'RSA' : jwk.crv], 'hex')
  return element(sequence, [algorithm, element(bitString, [Buffer.of(0), keyBits(jwk)])])
}

function keyBits(jwk: PublicJwk): Buffer {
  switch (jwk.kty) {
    case 'RSA':
      return element(sequence, [unsigned(jwk.n), unsigned(jwk.e)])
    case 'EC':
      return Buffer.concat([Buffer.of(uncompressed), decode(jwk.x), decode(jwk.y)])
    case 'OKP':
      return decode(jwk.x)
  }
}

/** A positive INTEGER: a first bit that is set would be a sign (X.690 8.3). */
function unsigned(text: string): Buffer {
  const bytes = decode(text)
  return element(integer, (bytes[0] ?? 0) < 0x80 ? [bytes] : [Buffer.of(0), bytes])
}

function element(tag: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Buffer.of(tag, ...lengthBytes(length)), ...parts])
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
