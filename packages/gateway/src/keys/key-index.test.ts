import { describe, expect, it } from 'vitest'
import { type Algorithm, findAlgorithm } from '../domain/algorithm.ts'
import type { KeyRecord } from '../domain/key.ts'
import { indexOnce } from './index-once.ts'
import { indexKeys } from './key-index.ts'

function algorithm(name: string): Algorithm {
  const found = findAlgorithm(name)
  if (found === undefined) throw new Error(name)
  return found
}

const rs256 = algorithm('RS256')
const es256 = algorithm('ES256')

function rsaKey(name: string, kid?: string, bits: number = rs256.bit): KeyRecord {
  const thumbprint = `thumbprint-${name}`
  const aliases = [thumbprint, `spki-${name}`]
  const jwk = { kty: 'RSA', n: name, e: 'AQAB' } as const
  return { kind: 'public', thumbprint, kid, aliases, algorithmBits: bits, issuer: undefined, jwk, modulusBytes: 256 }
}

function names(keys: readonly KeyRecord[]): readonly string[] {
  return keys.map((key) => key.thumbprint.replace('thumbprint-', ''))
}

describe('key look-up by algorithm and kid', () => {
  const index = indexKeys([rsaKey('a', 'ka'), rsaKey('b', 'kb'), rsaKey('any')])

  it('a declared kid must match exactly; a key without one fits any kid', () => {
    expect(names(index.select(rs256, 'ka'))).toEqual(['a', 'any'])
    expect(names(index.select(rs256, 'KA'))).toEqual(['any'])
    expect(names(index.select(rs256, 'other'))).toEqual(['any'])
    expect(names(indexKeys([rsaKey('a', 'ka')]).select(rs256, 'other'))).toEqual([])
  })

  it('RFC 7638 and SPKI-SHA-256 ids name a key whatever kid it declares', () => {
    expect(names(index.select(rs256, 'thumbprint-b'))).toEqual(['b', 'any'])
    expect(names(index.select(rs256, 'spki-b'))).toEqual(['b', 'any'])
  })

  it('without a kid every key that can carry the algorithm is a candidate', () => {
    expect(names(index.select(rs256, undefined))).toEqual(['a', 'b', 'any'])
    expect(names(index.select(es256, undefined))).toEqual([])
    expect(names(index.select(es256, 'ka'))).toEqual([])
  })

  it('more than four candidates are none, but a named key stays', () => {
    const many = Array.from({ length: 5 }, (_, position) => rsaKey(`m${position}`))
    const crowded = indexKeys([...many, rsaKey('named', 'k')])
    expect(names(crowded.select(rs256, undefined))).toEqual([])
    expect(names(crowded.select(rs256, 'whatever'))).toEqual([])
    expect(names(crowded.select(rs256, 'k'))).toEqual(['named'])
    expect(names(crowded.select(rs256, 'thumbprint-m3'))).toEqual(['m3'])
    expect(indexKeys(many.slice(1)).select(rs256, undefined)).toHaveLength(4)
  })

  it('the same key under two kids is one candidate', () => {
    expect(names(indexKeys([rsaKey('a', 'k1'), rsaKey('a', 'k2')]).select(rs256, undefined))).toEqual(['a'])
  })

  it('kids that are members of every object name nothing', () => {
    for (const kid of ['__proto__', 'constructor', 'toString']) {
      expect(names(indexKeys([rsaKey('a', 'ka')]).select(rs256, kid))).toEqual([])
    }
  })

  it('hands out the same array each time: a hit allocates nothing', () => {
    expect(index.select(rs256, 'ka')).toBe(index.select(rs256, 'ka'))
    expect(index.select(es256, 'x')).toBe(index.select(es256, 'y'))
  })

  it('S4: two keys of one type under one kid are both left out', () => {
    const conflict = indexKeys([rsaKey('a', 'k'), rsaKey('b', 'k'), rsaKey('c', 'other')])
    expect(names(conflict.select(rs256, 'k'))).toEqual([])
    expect(names(conflict.select(rs256, 'thumbprint-a'))).toEqual([])
    expect(names(conflict.select(rs256, undefined))).toEqual(['c'])
  })

  it('is built once for one list of keys', () => {
    const keys = [rsaKey('a')]
    expect(indexOnce(keys)).toBe(indexOnce(keys))
    expect(indexOnce([...keys])).not.toBe(indexOnce(keys))
  })
})
