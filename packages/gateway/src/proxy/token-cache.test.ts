import { describe, expect, it } from 'vitest'
import { findAlgorithm } from '../domain/algorithm.ts'
import type { UnverifiedToken, VerifiedToken } from '../domain/token.ts'
import { createTokenCache, keptClaims, type TokenCache } from './token-cache.ts'

const rs256 = findAlgorithm('RS256')
if (rs256 === undefined) throw new Error('the table has RS256')

function verified(name: string, issuerId = 'a', bytes = 200): VerifiedToken & { token: UnverifiedToken } {
  const compact = `${'h'.repeat(bytes)}.${name}.${name.padStart(86, 's')}`
  const token: UnverifiedToken = {
    compact,
    header: {},
    algorithm: rs256 as NonNullable<typeof rs256>,
    kid: undefined,
    typ: undefined,
    claims: {},
    facts: {
      iss: undefined,
      aud: undefined,
      exp: undefined,
      nbf: undefined,
      iat: undefined,
      unfit: undefined,
      kind: undefined,
      nonce: false,
    },
    signingInputLength: compact.lastIndexOf('.'),
    signatureBytes: 64,
  }
  // The cache never looks at the brand; only the verifier may set it in the product.
  return { voucher: 'issuer', issuerId, iss: undefined, claims: {}, keyId: 'k', token } as unknown as VerifiedToken & {
    token: UnverifiedToken
  }
}

function put(cache: TokenCache, token: VerifiedToken & { token: UnverifiedToken }): void {
  cache.put(token, token.token)
}

describe('S9: the verified-token cache', () => {
  it('admits a token on its second use', () => {
    const cache = createTokenCache({ entriesMax: 10, bytesMax: 1e6, issuerShare: 1 })
    expect(cache.admits('token-a')).toBe(false)
    expect(cache.admits('token-a')).toBe(true)
  })

  it('admits every one of ten thousand tokens that come round again: none is barred by another', () => {
    const cache = createTokenCache({ entriesMax: 20_000, bytesMax: 1e9, issuerShare: 1 })
    const tokens = Array.from({ length: 10_000 }, (_, i) => `h.p.${((i + 1) * 2_654_435_761).toString(36).repeat(4)}`)
    const admitted = new Set<string>()
    for (let turn = 0; turn < 6; turn++) {
      for (const token of tokens) if (!admitted.has(token) && cache.admits(token)) admitted.add(token)
    }
    expect(admitted.size).toBe(10_000)
  })

  it('finds by exact bytes only: the same signature over other bytes is a miss', () => {
    const cache = createTokenCache({ entriesMax: 10, bytesMax: 1e6, issuerShare: 1 })
    const entry = verified('one')
    cache.put(entry, entry.token)
    expect(cache.find(entry.token.compact)?.verified).toBe(entry)
    expect(cache.find(`x${entry.token.compact.slice(1)}`)).toBeUndefined()
  })

  it('holds no more than its bounds in entries and in bytes', () => {
    const cache = createTokenCache({ entriesMax: 100, bytesMax: 50_000, issuerShare: 1 })
    for (let i = 0; i < 10_000; i++) put(cache, verified(`t${i}`))
    expect(cache.size()).toBeLessThanOrEqual(Math.floor(50_000 / (1_024 + 3 * 280)))
    expect(cache.size()).toBeGreaterThan(10)
  })

  it('keeps what is used over what is not', () => {
    const cache = createTokenCache({ entriesMax: 10, bytesMax: 1e6, issuerShare: 1 })
    const hot = verified('hot')
    put(cache, hot)
    for (let i = 0; i < 100; i++) {
      cache.find(hot.token.compact)
      put(cache, verified(`cold${i}`))
    }
    expect(cache.find(hot.token.compact)).toBeDefined()
    expect([cache.admitted(), cache.evicted(), cache.size()]).toEqual([101, 91, 10])
  })

  it('lets no issuer hold more than its share', () => {
    const cache = createTokenCache({ entriesMax: 100, bytesMax: 1e7, issuerShare: 0.5 })
    const other = Array.from({ length: 40 }, (_, i) => verified(`b${i}`, 'b'))
    for (const token of other) put(cache, token)
    for (let i = 0; i < 1_000; i++) put(cache, verified(`a${i}`, 'a'))
    expect(other.every((token) => cache.find(token.token.compact) !== undefined)).toBe(true)
    expect(cache.size()).toBe(90)
  })
})

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen)
}

it('S9 claims that are kept are frozen at every level', () => {
  const claims = { sub: 'a', aud: ['a'], deep: { er: [{ est: 1 }] } }
  expect(isDeeplyFrozen(keptClaims(claims))).toBe(true)
  expect(keptClaims(claims)).toEqual(claims)
})
