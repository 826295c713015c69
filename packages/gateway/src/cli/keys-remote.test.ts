import { describe, expect, it } from 'vitest'
import { formatIssuerKeys } from './keys-remote.ts'
import { createPaint } from './terminal.ts'

describe('the keys of an issuer as text', () => {
  it('says what serves, how old it is, and how the last fetch failed', () => {
    const text = formatIssuerKeys(
      {
        issuerId: 'acme',
        urls: ['https://id/keys'],
        status: 'stale',
        fetchedAtMs: 0,
        expiresAtMs: 7_200_000,
        lastError: { message: 'status 500\u001b[2J', atMs: 0 },
        keys: [
          { kid: 'one', thumbprint: 't', algorithms: ['RS256', 'PS256'] },
          { kid: 'two', thumbprint: 'u', algorithms: ['ES256'], note: 'not used' },
        ],
        problems: ['key 1: too short'],
        distrusted: ['old'],
      },
      3_600_000,
      createPaint(false),
    )
    expect(text).toBe(`acme  stale, 2 keys
  from https://id/keys
  fetched 1 h 0 m ago
  unusable in 1 h 0 m
  last fetch failed: status 500\\u001b[2J
  KID  THUMBPRINT  ALGORITHMS
  one  t           RS256 PS256
  two  u           ES256        not used
  not used: key 1: too short
  distrusted: old`)
  })
})
