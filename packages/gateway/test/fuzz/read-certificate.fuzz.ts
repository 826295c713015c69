import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { isWholeDer } from '../../src/keys/recognise/der.ts'
import { readCertificate } from '../../src/keys/recognise/read-certificate.ts'
import { readDerKey } from '../../src/keys/recognise/read-der-key.ts'
import { selfSigned } from '../support/self-signed.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { damagedBytes } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// Damaged keys and certificates: no throw, nothing accepted with bytes before, after or missing, never a private key,
// and what is accepted is the key OpenSSL reads, inside its validity.

const pairs = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
]
const certificates = pairs.map(({ privateKey }) => new X509Certificate(selfSigned(privateKey, 30)).raw)
const publicKeys = pairs.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' }))
const privateKeys = pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'der' }))
const seeds = fc.constantFrom(...certificates, ...publicKeys, ...privateKeys)
const quality = strictQuality()
const dayMs = 86_400_000

/** Length of the first element by its own length octets; undefined for what is no definite length. */
function lengthSlowly(bytes: Buffer): number | undefined {
  const first = bytes[1] ?? 0x80
  if (first < 0x80) return 2 + first
  const count = first - 0x80
  if (count === 0 || count > 3 || bytes.length < 2 + count) return undefined
  return [...bytes.subarray(2, 2 + count)].reduce((length, byte) => length * 256 + byte, 0) + 2 + count
}

await runFuzz(
  'read-certificate',
  fc.property(damagedBytes(seeds), fc.constantFrom(-dayMs, 0, 29 * dayMs, 31 * dayMs), (bytes, offsetMs) => {
    if (isWholeDer(bytes) !== (bytes[0] === 0x30 && lengthSlowly(bytes) === bytes.length)) return false
    const nowMs = Date.now() + offsetMs
    const certificate = readCertificate(bytes, quality, nowMs)
    if (certificate.ok) {
      const read = new X509Certificate(bytes)
      const isValid = Date.parse(read.validFrom) <= nowMs && nowMs <= Date.parse(read.validTo)
      if (!isValid || !isWholeDer(bytes)) return false
      if (!isDeepStrictEqual(certificate.value.jwk, { ...read.publicKey.export({ format: 'jwk' }) })) return false
    }
    const key = readDerKey(bytes)
    if (!key.ok) return key.error.message !== ''
    if (!isWholeDer(bytes)) return false
    return key.value.kind === 'certificate' || (!('d' in key.value.jwk) && isReadAgain(key.value.jwk))
  }),
)

function isReadAgain(jwk: object): boolean {
  return createPublicKey({ key: jwk as import('node:crypto').JsonWebKey, format: 'jwk' }).type === 'public'
}
