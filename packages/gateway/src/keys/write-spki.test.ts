import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { strictQuality } from '../../test/support/strict-quality.ts'
import { checkKeyQuality } from './recognise/check-key-quality.ts'
import { readSpki } from './recognise/read-spki.ts'
import { writeSpki } from './write-spki.ts'

const kinds: readonly (readonly [string, () => KeyObject])[] = [
  ['RSA 2048', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ['RSA 2057, whose first byte is 1', () => generateKeyPairSync('rsa', { modulusLength: 2057 }).publicKey],
  ['RSA with the exponent 3', () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey],
  ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
  ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey],
  ['Ed25519', () => generateKeyPairSync('ed25519').publicKey],
]

function membersOf(key: KeyObject) {
  const checked = checkKeyQuality({ ...key.export({ format: 'jwk' }) }, strictQuality({ allowSmallExponent: true }))
  if (!checked.ok) throw new Error(checked.error.message)
  return checked.value.jwk
}

describe.each(kinds)('a SubjectPublicKeyInfo of %s', (_, generate) => {
  it('is written as OpenSSL writes it, and read again', () => {
    for (let round = 0; round < 4; round++) {
      const key = generate()
      const der = key.export({ type: 'spki', format: 'der' })
      expect(writeSpki(membersOf(key)).toString('hex')).toBe(der.toString('hex'))
      expect(readSpki(der)).toEqual(membersOf(key))
    }
  })

  it('that differs in any byte is read as another key that OpenSSL reads alike, or not at all', () => {
    const der = generate().export({ type: 'spki', format: 'der' })
    for (let at = 0; at < der.length; at++) {
      const damaged = Buffer.from(der)
      damaged[at] = (damaged[at] ?? 0) ^ 0x41
      const read = readSpki(damaged)
      if (read === undefined) continue
      expect(writeSpki(read).equals(damaged)).toBe(true)
      const same = openSslReads(damaged)
      if (same !== undefined) expect({ ...same.export({ format: 'jwk' }) }).toEqual(read)
    }
  })

  it('that is cut short or goes on is not read', () => {
    const der = generate().export({ type: 'spki', format: 'der' })
    for (let end = 0; end < der.length; end++) expect(readSpki(der.subarray(0, end))).toBeUndefined()
    expect(readSpki(Buffer.concat([der, Buffer.of(0)]))).toBeUndefined()
  })
})

it('leaves other spellings of a key to OpenSSL: a compressed point', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const y = der.at(-1) ?? 0
  const start = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex')
  const compressed = Buffer.concat([start, Buffer.of(2 + (y & 1)), der.subarray(27, 59)])
  expect(openSslReads(compressed)?.equals(publicKey)).toBe(true)
  expect(readSpki(compressed)).toBeUndefined()
})

function openSslReads(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
