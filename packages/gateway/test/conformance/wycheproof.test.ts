import { describe, expect, it } from 'vitest'
import type { KeyRecord } from '../../src/domain/key.ts'
import { readJwks } from '../../src/keys/recognise/read-jwks.ts'
import { hasVectors, readVectors } from '../support/public-vectors.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { isToken, verifyCompact } from '../support/verify-compact.ts'

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly jws?: unknown
  readonly jwe?: unknown
  readonly result: 'valid' | 'invalid' | 'acceptable'
}

interface Group {
  readonly public?: Members
  readonly private?: Members
  readonly tests: readonly Vector[]
}

type Members = { readonly [member: string]: unknown }

/** Marked valid by the set, and refused here. */
const refused: ReadonlyMap<number, string> = new Map<number, string>([
  [346, 'S5: the JWK says PS256, the token PS384'],
  [350, 'S5: the JWK says PS256, the token PS384'],
  [347, 'S5: the JWK says ES521, which is no algorithm'],
  [351, 'S5: the JWK says ES521, which is no algorithm'],
  [372, 'RFC 7515 2: `?` is no base64url'],
  [373, 'RFC 7515 2: `?` is no base64url'],
])

/** Meant to show padding, which the published file has lost: byte for byte the same as test 357, which is valid. */
const sameAsValid: readonly number[] = [367, 370]

function groups(name: string): readonly Group[] {
  return hasVectors ? readVectors<{ readonly testGroups: readonly Group[] }>(`wycheproof/${name}.json`).testGroups : []
}

/** Keys as an operator would configure them; the RFC's own are allowed by name. A refused set has none. */
function keysOf(group: Group): readonly KeyRecord[] {
  const given = group.public ?? group.private ?? {}
  const json = Array.isArray(given.keys) ? given : { keys: [given] }
  const read = readJwks(json, strictQuality({ allowSampleKey: true }), 0, 'operator')
  return read.ok ? read.value.keys : []
}

function signatureVectors(name: string) {
  return groups(name).flatMap((group) =>
    group.tests
      .filter(({ jws }) => jws !== undefined)
      .map((vector) => ({ ...vector, group, name: `${vector.tcId} ${vector.comment}` })),
  )
}

describe.skipIf(!hasVectors).each([
  ['json_web_signature_test', 401],
  ['json_web_key_test', 26],
  ['json_web_crypto_test', 49],
] as const)('Wycheproof %s at the verifier', (file, count) => {
  const vectors = signatureVectors(file)

  it(`has ${count} signature vectors`, () => {
    expect(vectors).toHaveLength(count)
  })

  it.each(vectors)('$name is $result', ({ jws, result, group, tcId }) => {
    const verified = typeof jws === 'string' && verifyCompact(jws, keysOf(group))
    const numbered = file === 'json_web_signature_test'
    const valid = result === 'valid' || (numbered && sameAsValid.includes(tcId))
    expect(verified).toBe(valid && !(numbered && refused.has(tcId)))
  })

  it('JSON serialisation is no token', () => {
    const objects = vectors.filter(({ jws }) => typeof jws !== 'string' || jws.startsWith('{'))
    for (const { jws } of objects) expect(isToken(typeof jws === 'string' ? jws : JSON.stringify(jws))).toBe(false)
  })
})

describe.skipIf(!hasVectors)('Wycheproof padding vectors', () => {
  const vectors = signatureVectors('json_web_signature_test')
  const text = (id: number): unknown => vectors.find(({ tcId }) => tcId === id)?.jws

  it('are still the valid token they were published as; padded, that token is refused', () => {
    for (const id of sameAsValid) expect(text(id)).toBe(text(357))
    const [header, payload, signature] = String(text(357)).split('.')
    const group = vectors.find(({ tcId }) => tcId === 357)?.group
    const keys = group === undefined ? [] : keysOf(group)
    expect(verifyCompact(`${header}.${payload}.${signature}=`, keys)).toBe(false)
    expect(verifyCompact(`${header}.${payload}==.${signature}`, keys)).toBe(false)
  })
})

describe.skipIf(!hasVectors)('Wycheproof encryption vectors', () => {
  const texts = ['json_web_encryption_test', 'json_web_crypto_test'].flatMap((file) =>
    groups(file).flatMap((group) => group.tests.filter(({ jwe }) => jwe !== undefined).map(({ jwe }) => jwe)),
  )

  it('an encrypted token is no token, valid or not', () => {
    expect(texts.length).toBeGreaterThanOrEqual(139)
    for (const text of texts) expect(isToken(typeof text === 'string' ? text : JSON.stringify(text))).toBe(false)
  })
})
