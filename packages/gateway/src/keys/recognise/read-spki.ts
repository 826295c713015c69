import type { PublicKeyRecord } from '../../domain/key.ts'
import { writeSpki } from '../write-spki.ts'

type PublicJwk = PublicKeyRecord['jwk']

const curves = [
  { crv: 'P-256', start: startOf({ kty: 'EC', crv: 'P-256', x: zeros(32), y: zeros(32) }, 64), bytes: 32 },
  { crv: 'P-384', start: startOf({ kty: 'EC', crv: 'P-384', x: zeros(48), y: zeros(48) }, 96), bytes: 48 },
  { crv: 'P-521', start: startOf({ kty: 'EC', crv: 'P-521', x: zeros(66), y: zeros(66) }, 132), bytes: 66 },
] as const
const ed25519Start = startOf({ kty: 'OKP', crv: 'Ed25519', x: zeros(32) }, 32)
const rsaStart = Buffer.from('300d06092a864886f70d0101010500', 'hex')

/**
 * The public key in a SubjectPublicKeyInfo of the one form `writeSpki` gives it; undefined for any other, which OpenSSL
 * may still know. Nothing is judged: neither a point nor a modulus.
 */
export function readSpki(der: Buffer): PublicJwk | undefined {
  const jwk = readPoint(der) ?? readRsa(der)
  return jwk !== undefined && writeSpki(jwk).equals(der) ? jwk : undefined
}

function readPoint(der: Buffer): PublicJwk | undefined {
  if (startsWith(der, ed25519Start))
    return { kty: 'OKP', crv: 'Ed25519', x: text(der, ed25519Start.length, der.length) }
  const curve = curves.find(({ start }) => startsWith(der, start))
  if (curve === undefined) return undefined
  const { crv, start, bytes } = curve
  const y = start.length + bytes
  return { kty: 'EC', crv, x: text(der, start.length, y), y: text(der, y, der.length) }
}

/** Reads the two INTEGERs; whether everything around them is right, writing them again tells. */
function readRsa(der: Buffer): PublicJwk | undefined {
  const outer = contentAt(der, 0)
  if (outer === undefined || !startsWith(der.subarray(outer.start), rsaStart)) return undefined
  const bits = contentAt(der, outer.start + rsaStart.length)
  const key = bits === undefined ? undefined : contentAt(der, bits.start + 1)
  const n = key === undefined ? undefined : contentAt(der, key.start)
  const e = n === undefined ? undefined : contentAt(der, n.end)
  if (n === undefined || e === undefined) return undefined
  return { kty: 'RSA', n: unsigned(der, n), e: unsigned(der, e) }
}

interface Content {
  readonly start: number
  readonly end: number
}

/** Where the content of the element at `at` is (X.690 8.1.3); lengths of up to two bytes, so 64 KiB. */
function contentAt(der: Buffer, at: number): Content | undefined {
  const first = der[at + 1]
  if (first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  const start = at + 2 + lengthBytes
  if (lengthBytes > 2 || start > der.length) return undefined
  const length = lengthBytes === 0 ? first & 0x7f : der.readUIntBE(at + 2, lengthBytes)
  return start + length > der.length ? undefined : { start, end: start + length }
}

function unsigned(der: Buffer, { start, end }: Content): string {
  return text(der, der[start] === 0 ? start + 1 : start, end)
}

function text(der: Buffer, start: number, end: number): string {
  return der.toString('base64url', start, end)
}

function startsWith(der: Buffer, start: Buffer): boolean {
  return der.length > start.length && der.subarray(0, start.length).equals(start)
}

/** What every key of a kind begins with: the key itself is its last bytes. */
function startOf(jwk: PublicJwk, keyBytes: number): Buffer {
  const der = writeSpki(jwk)
  return der.subarray(0, der.length - keyBytes)
}

function zeros(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64url')
}
