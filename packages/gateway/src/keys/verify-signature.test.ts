import { generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto'
import { CompactSign, type CryptoKey, importJWK, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { strictQuality } from '../../test/support/strict-quality.ts'
import { type Algorithm, type AlgorithmName, algorithms, findAlgorithm } from '../domain/algorithm.ts'
import type { KeyRecord } from '../domain/key.ts'
import { createKeyImporter } from './imported-keys.ts'
import { readJwks } from './recognise/read-jwks.ts'
import { type SignedText, verifySignature } from './verify-signature.ts'

const pairs: Readonly<Record<string, JWK>> = {
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey.export({ format: 'jwk' }),
  Ed25519: generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
  oct: { kty: 'oct', k: randomBytes(64).toString('base64url') },
}

function pairFor(algorithm: Algorithm): JWK {
  const jwk = pairs[algorithm.curve ?? algorithm.keyType]
  if (jwk === undefined) throw new Error(algorithm.name)
  return jwk
}

function recordOf(jwk: JWK, loosened = strictQuality()): KeyRecord {
  const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...members } = jwk
  const read = readJwks({ keys: [members] }, loosened, 0, 'operator')
  const record = read.ok ? read.value.keys[0] : undefined
  if (record === undefined) throw new Error(JSON.stringify(read))
  return record
}

async function signed(algorithm: Algorithm, jwk: JWK = pairFor(algorithm)): Promise<SignedText> {
  // Node's type of a JWK and jose's agree on every member used here.
  const key = (await importJWK({ ...jwk }, algorithm.name)) as CryptoKey
  const compact = await new CompactSign(Buffer.from('any payload'))
    .setProtectedHeader({ alg: algorithm.name })
    .sign(key)
  return { compact, signingInputLength: compact.lastIndexOf('.') }
}

function byName(name: AlgorithmName): Algorithm {
  const found = findAlgorithm(name)
  if (found === undefined) throw new Error(name)
  return found
}

function withSignature(token: SignedText, signature: Buffer | string): SignedText {
  const text = typeof signature === 'string' ? signature : signature.toString('base64url')
  return { ...token, compact: `${token.compact.slice(0, token.signingInputLength)}.${text}` }
}

function signatureOf(token: SignedText): Buffer {
  return Buffer.from(token.compact.slice(token.signingInputLength + 1), 'base64url')
}

describe('verification of a signature', () => {
  it.each(algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    '%s as jose signs it',
    async (_, row) => {
      const token = await signed(row)
      expect(verifySignature(recordOf(pairFor(row)), row, token)).toBe(true)
      const payloadChanged = { ...token, compact: token.compact.replace('.Y', '.Z') }
      expect(verifySignature(recordOf(pairFor(row)), row, payloadChanged)).toBe(false)
    },
  )

  it('each key verifies its own algorithms and no other, whatever the bytes say', async () => {
    for (const signer of algorithms) {
      const token = await signed(signer)
      for (const claimed of algorithms) {
        for (const jwk of Object.values(pairs)) {
          const sameScheme = claimed.name === signer.name || (claimed.family === 'eddsa' && signer.family === 'eddsa')
          const expected = sameScheme && jwk === pairFor(signer)
          expect(verifySignature(recordOf(jwk), claimed, token)).toBe(expected)
        }
      }
    }
  })

  it("the key's own `alg` narrows what it verifies", async () => {
    const token = await signed(byName('RS256'))
    expect(verifySignature(recordOf({ ...pairs.RSA, alg: 'PS256' }), byName('RS256'), token)).toBe(false)
    expect(verifySignature(recordOf({ ...pairs.RSA, alg: 'RS256' }), byName('RS256'), token)).toBe(true)
  })

  it('a record whose type contradicts its bits verifies nothing', async () => {
    const token = await signed(byName('HS256'))
    const rsa = recordOf(pairs.RSA ?? {})
    const everything = strictQuality().algorithmBits
    expect(verifySignature({ ...rsa, algorithmBits: everything }, byName('HS256'), token)).toBe(false)
    expect(verifySignature({ ...rsa, algorithmBits: everything }, byName('ES256'), await signed(byName('ES256')))).toBe(
      false,
    )
    const secret = { ...recordOf(pairs.oct ?? {}), algorithmBits: everything }
    expect(verifySignature(secret, byName('RS256'), await signed(byName('RS256')))).toBe(false)
  })

  it('PSS with a salt of another length than the hash is refused', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const record = recordOf(privateKey.export({ format: 'jwk' }))
    const input = 'eyJhbGciOiJQUzI1NiJ9.YQ'
    for (const [saltLength, expected] of [
      [0, false],
      [20, false],
      [31, false],
      [32, true],
      [64, false],
    ] as const) {
      const signature = signBytes('sha256', Buffer.from(input), { key: privateKey, padding: 6, saltLength })
      const token = { compact: `${input}.${signature.toString('base64url')}`, signingInputLength: input.length }
      expect(verifySignature(record, byName('PS256'), token)).toBe(expected)
    }
  })

  it('an ECDSA signature in DER is refused', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const record = recordOf(privateKey.export({ format: 'jwk' }))
    const input = 'eyJhbGciOiJFUzI1NiJ9.YQ'
    const signature = signBytes('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'der' })
    const token = { compact: `${input}.${signature.toString('base64url')}`, signingInputLength: input.length }
    expect(verifySignature(record, byName('ES256'), token)).toBe(false)
  })

  it('r = s = 0 and r = s = n are refused (CVE-2022-21449)', async () => {
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
    const token = await signed(byName('ES256'))
    const record = recordOf(pairs['P-256'] ?? {})
    expect(verifySignature(record, byName('ES256'), withSignature(token, Buffer.alloc(64)))).toBe(false)
    expect(verifySignature(record, byName('ES256'), withSignature(token, Buffer.concat([order, order])))).toBe(false)
  })
})

describe('S8: the signature has its exact length before any crypto', () => {
  it.each(algorithms.map((algorithm) => [algorithm.name, algorithm] as const))('%s', async (_, row) => {
    const token = await signed(row)
    const record = recordOf(pairFor(row))
    const signature = signatureOf(token)
    const wrong = [
      Buffer.alloc(0),
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), signature]),
      Buffer.alloc(16_384),
    ]
    for (const bytes of wrong) expect(verifySignature(record, row, withSignature(token, bytes))).toBe(false)
    expect(verifySignature(record, row, withSignature(token, `${signature.toString('base64url')}=`))).toBe(false)
    expect(verifySignature(record, row, withSignature(token, '!'.repeat(Math.ceil((signature.length * 4) / 3))))).toBe(
      false,
    )
  })

  it('random signatures of the right length are refused without a throw', async () => {
    for (const row of algorithms) {
      const token = await signed(row)
      const record = recordOf(pairFor(row))
      const { length } = signatureOf(token)
      for (let round = 0; round < 50; round++) {
        expect(verifySignature(record, row, withSignature(token, randomBytes(length)))).toBe(false)
      }
      expect(verifySignature(record, row, withSignature(token, Buffer.alloc(length, 0xff)))).toBe(false)
    }
  })
})

describe('imported keys', () => {
  const record = recordOf(pairs.oct ?? {})
  const numbered = (position: number): KeyRecord => ({ ...record, thumbprint: `t${position}` })

  it('a key is imported once while it is in use, and the table stays bounded', () => {
    const importOnce = createKeyImporter(10)
    const first = importOnce(numbered(0))
    for (let position = 1; position < 1000; position++) {
      importOnce(numbered(position))
      expect(importOnce(numbered(0))).toBe(first)
    }
    const idle = importOnce(numbered(1))
    for (let position = 2000; position < 2030; position++) importOnce(numbered(position))
    expect(importOnce(numbered(1))).not.toBe(idle)
  })
})
