import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { selfSigned } from '../../../test/support/self-signed.ts'
import { strictQuality } from '../../../test/support/strict-quality.ts'
import { findAlgorithm } from '../../domain/algorithm.ts'
import { isEd25519Point } from './check-ed25519-point.ts'
import { readJwks } from './read-jwks.ts'

type Members = Readonly<Record<string, unknown>>

const nowMs = Date.now()

function rsaJwk(modulusLength = 2048, publicExponent = 65537): Members {
  return { ...generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' }) }
}

function ecJwk(namedCurve = 'P-256'): Members {
  return { ...generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' }) }
}

function edJwk(): Members {
  return { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) }
}

const rsa = rsaJwk()
const otherRsa = rsaJwk()
const ec = ecJwk()

function read(keys: readonly unknown[], where: 'operator' | 'remote' = 'remote', quality = strictQuality()) {
  const result = readJwks({ keys }, quality, nowMs, where)
  if (!result.ok) throw new Error(result.error.code)
  return result.value
}

function codeOf(key: unknown, quality = strictQuality()): string {
  const { keys, problems } = read([key], 'remote', quality)
  return keys.length > 0 ? 'used' : (problems[0]?.code ?? 'nothing said')
}

function refusal(keys: readonly unknown[], where: 'operator' | 'remote'): string {
  const result = readJwks({ keys }, strictQuality(), nowMs, where)
  return result.ok ? 'read' : result.error.code
}

function bitsOf(...names: string[]): number {
  return names.reduce((bits, name) => bits | (findAlgorithm(name)?.bit ?? 0), 0)
}

describe('a JWKS', () => {
  it('keeps what verifies and says of each other key why not', () => {
    const { keys, problems } = read([
      { ...rsa, kid: 'a' },
      { ...rsa, kid: 'enc', use: 'enc' },
      { kty: 'XYZ', kid: 'new' },
      'text',
      { ...ec, kid: 'b' },
    ])
    expect(keys.map(({ kid }) => kid)).toEqual(['a', 'b'])
    expect(problems).toMatchObject([
      { index: 1, kid: 'enc', code: 'wrong_use' },
      { index: 2, kid: 'new', code: 'unsupported_key' },
      { index: 3, code: 'malformed_jwk' },
    ])
  })

  it('may be empty when it is remote, and must be a set', () => {
    expect(read([]).keys).toEqual([])
    expect(refusal([], 'operator')).toBe('no_usable_key')
    expect(refusal([{ ...rsa, use: 'enc' }], 'operator')).toBe('no_usable_key')
    for (const json of [undefined, null, [], '', {}, { keys: {} }, rsa]) {
      expect(readJwks(json, strictQuality(), nowMs, 'remote')).toMatchObject({ error: { code: 'not_a_jwks' } })
    }
  })

  it('keeps the issuer a key names (S3)', () => {
    expect(read([{ ...rsa, issuer: 'https://a.example/x' }]).keys[0]?.issuer).toBe('https://a.example/x')
  })

  it('members of another type than text are a problem of that key', () => {
    expect(codeOf({ ...rsa, kid: 1 })).toBe('malformed_jwk')
    expect(codeOf({ ...rsa, kid: '' })).toBe('malformed_jwk')
    expect(codeOf({ ...rsa, alg: 1 })).toBe('malformed_jwk')
    expect(codeOf({ ...rsa, issuer: {} })).toBe('malformed_jwk')
    expect(codeOf({ ...rsa, n: 1 })).toBe('malformed_jwk')
    expect(codeOf({ ...rsa, n: `${rsa.n}=` })).toBe('malformed_jwk')
  })
})

describe('S4: kid namespaces', () => {
  it('two keys of one type under one kid are reported and neither is used', () => {
    const { keys, problems } = read([
      { ...rsa, kid: 'k' },
      { ...otherRsa, kid: 'k' },
      { ...ec, kid: 'k' },
    ])
    expect(keys.map((key) => key.kind === 'public' && key.jwk.kty)).toEqual(['EC'])
    expect(problems).toMatchObject([
      { index: 0, kid: 'k', code: 'duplicate_kid' },
      { index: 1, kid: 'k', code: 'duplicate_kid' },
    ])
  })

  it('the same key twice is one key with the algorithms of both entries', () => {
    const { keys, problems } = read([
      { ...rsa, kid: 'k', alg: 'RS256' },
      { ...rsa, kid: 'k', alg: 'PS256' },
    ])
    expect(problems).toEqual([])
    expect(keys.map(({ algorithmBits }) => algorithmBits)).toEqual([bitsOf('RS256', 'PS256')])
  })

  it('a damaged key under the kid of a good one leaves neither', () => {
    const { keys, problems } = read([
      { ...rsa, kid: 'k' },
      { ...rsa, n: '?', kid: 'k' },
    ])
    expect(keys).toEqual([])
    expect(problems).toMatchObject([
      { index: 1, code: 'malformed_jwk' },
      { index: 0, code: 'duplicate_kid' },
    ])
  })

  it('a key for another use does not take the kid from a usable one', () => {
    expect(
      read([
        { ...rsa, kid: 'k' },
        { ...otherRsa, kid: 'k', use: 'enc' },
      ]).keys,
    ).toHaveLength(1)
  })
})

describe('S5: key quality', () => {
  it('at most 100 keys in a set', () => {
    expect(refusal(Array(101).fill(rsa), 'remote')).toBe('too_many_keys')
    expect(refusal(Array(100).fill(rsa), 'remote')).toBe('read')
  })

  it('a remote set holds public keys only', () => {
    const secret = { kty: 'oct', k: Buffer.alloc(64, 7).toString('base64url') }
    const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
    expect(refusal([rsa, secret], 'remote')).toBe('secret_in_key_set')
    expect(refusal([{ ...rsa, k: 'AAAA' }], 'remote')).toBe('secret_in_key_set')
    expect(refusal([rsa, privateKey], 'remote')).toBe('private_key')
    expect(refusal([rsa, privateKey], 'operator')).toBe('private_key')
    expect(refusal([rsa, secret], 'operator')).toBe('mixed_key_set')
    expect(read([secret], 'operator').keys[0]?.kind).toBe('secret')
  })

  it('an RSA modulus has 2048 to 4096 bits, 8192 by name, and is odd', () => {
    expect(codeOf(rsaJwk(1024))).toBe('rsa_too_small')
    const large = rsaJwk(4098)
    expect(codeOf(large)).toBe('rsa_too_large')
    const { keys, warnings } = read([large], 'remote', strictQuality({ allowLargeRsa: true }))
    expect(keys).toHaveLength(1)
    expect(warnings.map(({ code }) => code)).toEqual(['rsa_too_large'])
    const bytes = Buffer.from(String(rsa.n), 'base64url')
    bytes[255] = (bytes[255] ?? 0) & 0xfe
    expect(codeOf({ ...rsa, n: bytes.toString('base64url') })).toBe('rsa_even')
    const huge = Buffer.alloc(2048, 0xff).toString('base64url')
    expect(codeOf({ ...rsa, n: huge }, strictQuality({ allowLargeRsa: true }))).toBe('rsa_too_large')
  })

  it('a public exponent is odd, at least 65537 (3 by name) and at most 32 bits', () => {
    const loose = strictQuality({ allowSmallExponent: true })
    expect(codeOf({ ...rsa, e: 'AQ' })).toBe('rsa_exponent')
    expect(codeOf({ ...rsa, e: 'AQ' }, loose)).toBe('rsa_exponent')
    expect(codeOf({ ...rsa, e: 'AQAA' })).toBe('rsa_exponent')
    expect(codeOf({ ...rsa, e: 'AQAAAAE' })).toBe('rsa_exponent')
    expect(codeOf({ ...rsa, e: 'Aw' })).toBe('rsa_exponent')
    expect(codeOf({ ...rsa, e: 'Aw' }, loose)).toBe('used')
    expect(codeOf({ ...rsa, e: 'AAAA' })).toBe('malformed_jwk')
  })

  it('leading zeros of an RSA modulus change neither size nor identity', () => {
    const padded = Buffer.concat([Buffer.alloc(1), Buffer.from(String(rsa.n), 'base64url')]).toString('base64url')
    expect(read([{ ...rsa, n: padded }]).keys).toEqual(read([rsa]).keys)
  })

  it('a point lies on its curve', () => {
    expect(codeOf({ ...ec, y: ec.x })).toBe('invalid_point')
    expect(codeOf({ ...ec, crv: 'P-384' })).toBe('invalid_point')
    expect(codeOf({ ...ec, crv: undefined })).toBe('unsupported_key')
    expect(codeOf({ ...ecJwk('P-521'), crv: 'P-256' })).toBe('malformed_jwk')
    expect(codeOf({ ...edJwk(), x: Buffer.from([2, ...Buffer.alloc(31)]).toString('base64url') })).toBe('invalid_point')
  })

  it('Ed25519 keys of small order, whose signatures anybody can make, are refused', () => {
    const orderEight = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'
    const points = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `ec${'ff'.repeat(30)}7f`,
      orderEight,
      `ed${'ff'.repeat(30)}7f`,
    ]
    for (const hex of points) {
      expect(codeOf({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') })).toBe(
        'invalid_point',
      )
    }
    expect(isEd25519Point(Buffer.from(String(edJwk().x), 'base64url'))).toBe(true)
    expect(Array.from({ length: 20 }, edJwk).map((jwk) => codeOf(jwk))).toEqual(Array(20).fill('used'))
  })

  it('use, key_ops and alg are obeyed', () => {
    expect(codeOf({ ...rsa, use: 'sig', key_ops: ['verify'], alg: 'RS256' })).toBe('used')
    expect(codeOf({ ...rsa, use: 'enc' })).toBe('wrong_use')
    expect(codeOf({ ...rsa, key_ops: ['encrypt'] })).toBe('wrong_key_ops')
    expect(codeOf({ ...rsa, key_ops: 'verify' })).toBe('wrong_key_ops')
    for (const alg of ['RSA-OAEP', 'RSA1_5', 'ES256', 'HS256', 'none', 'rs256', 'toString']) {
      expect(codeOf({ ...rsa, alg })).toBe('wrong_alg')
    }
    expect(read([{ ...rsa, alg: 'PS384' }]).keys[0]?.algorithmBits).toBe(bitsOf('PS384'))
    expect(read([{ ...edJwk(), alg: 'EdDSA' }]).keys[0]?.algorithmBits).toBe(bitsOf('EdDSA'))
  })

  it('`alg: RSA`, which webMethods writes, means any RSA algorithm', () => {
    const { keys } = read([{ kty: 'RSA', e: 'AQAB', use: 'sig', kid: 'ssos', alg: 'RSA', n: rsa.n }])
    expect(keys[0]?.algorithmBits).toBe(bitsOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'))
    expect(codeOf({ ...ec, alg: 'RSA' })).toBe('wrong_alg')
  })

  it('a key no accepted algorithm can use is not used', () => {
    const quality = strictQuality({ algorithmBits: bitsOf('RS256', 'ES256') })
    expect(codeOf(ecJwk('P-384'), quality)).toBe('algorithm_not_allowed')
    expect(codeOf(ecJwk('P-521'), quality)).toBe('algorithm_not_allowed')
    expect(read([rsa], 'remote', quality).keys[0]?.algorithmBits).toBe(bitsOf('RS256'))
  })

  it('x5c holds the same key, or is the key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = selfSigned(privateKey, 2)
    const x5c = [pem.replaceAll(/-----[A-Z ]+-----|\n/g, '')]
    const members = publicKey.export({ format: 'jwk' })
    const later = nowMs + 60_000
    const same = readJwks({ keys: [{ ...members, x5c }] }, strictQuality(), later, 'remote')
    const alone = readJwks({ keys: [{ kty: 'RSA', x5c }] }, strictQuality(), later, 'remote')
    expect(same.ok && same.value.keys).toHaveLength(1)
    expect(alone).toEqual(same)
    expect(codeOf({ ...rsa, x5c })).toBe('certificate_mismatch')
    expect(codeOf({ ...members, x5c: [] })).toBe('malformed_jwk')
    expect(codeOf({ ...members, x5c: 'AAAA' })).toBe('malformed_jwk')
    expect(codeOf({ ...members, x5c: ['AAAA'] })).toBe('certificate_mismatch')
    expect(codeOf({ kty: 'EC', x5c })).not.toBe('used')
    const expired = readJwks({ keys: [{ kty: 'RSA', x5c }] }, strictQuality(), nowMs + 3 * 86_400_000, 'remote')
    expect(expired.ok && expired.value.problems.map(({ code }) => code)).toEqual(['certificate_expired'])
  })
})
