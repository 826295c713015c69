/** How a token is signed. HAProxy 2.6 knows no EdDSA. */
export type BenchAlgorithm = 'RS256' | 'ES256' | 'EdDSA' | 'HS256'

/** The tokens of a case. */
export interface TokenKind {
  readonly algorithm: BenchAlgorithm
  /** About so long, in characters. */
  readonly tokenBytes: number
  /** `foreign`: an issuer nobody trusts, refused before any cryptography; `forged`: the signature of another key. */
  readonly origin: 'trusted' | 'foreign' | 'forged'
  /** Distinct tokens in turn; never one token. */
  readonly tokens: number
}

/** What is measured: one row a case. Both sides do the same work for the same requests. */
export interface BenchCase {
  readonly name: string
  /** What the case shows, for the table. */
  readonly about: string
  /** Whether the API wants a token. */
  readonly isProtected: boolean
  readonly kind: TokenKind
  readonly expectedStatus: 200 | 401
  /** Bounds on the token cache's hit rate, read from the metrics; undefined where no cache is asked. */
  readonly hitRate: { readonly min: number; readonly max: number } | undefined
  /** Part of every run; the others run when they are named. */
  readonly isBase: boolean
}

/** What all requests ask for. */
export const benchPath = '/api/orders/17'

/** Ten times the verified-token cache (16,384 entries): asked in order, no token is found there again. */
const uniqueTokens = 163_840
const warmTokens = 10_000
const always = { min: 0.999, max: 1 }
const never = { min: 0, max: 0.001 }

const rs256: TokenKind = { algorithm: 'RS256', tokenBytes: 1200, origin: 'trusted', tokens: warmTokens }

function warm(name: string, about: string, kind: TokenKind, isBase = false): BenchCase {
  return { name, about, isProtected: true, kind, expectedStatus: 200, hitRate: always, isBase }
}

function unique(name: string, algorithm: BenchAlgorithm, isBase = false): BenchCase {
  const kind = { ...rs256, algorithm, tokens: uniqueTokens }
  const about = `${algorithm} tokens from a pool ten times the cache`
  return { name, about, isProtected: true, kind, expectedStatus: 200, hitRate: never, isBase }
}

function refused(name: string, about: string, kind: TokenKind, isBase = false): BenchCase {
  return { name, about, isProtected: true, kind, expectedStatus: 401, hitRate: undefined, isBase }
}

/** The base cases, and from there one dimension at a time. */
export const cases: readonly BenchCase[] = [
  {
    name: 'public',
    about: 'no token asked; HAProxy passes through',
    isProtected: false,
    kind: rs256,
    expectedStatus: 200,
    hitRate: undefined,
    isBase: true,
  },
  warm('warm', '10,000 RS256 tokens in turn, all verified before', rs256, true),
  unique('unique', 'RS256', true),
  refused('refused', 'a foreign issuer, refused before any cryptography', { ...rs256, origin: 'foreign' }, true),
  refused('forged', 'RS256 tokens signed with another key, most of them past the budget of failures', {
    ...rs256,
    origin: 'forged',
  }),
  warm('warm-es256', 'as warm, ES256', { ...rs256, algorithm: 'ES256' }),
  warm('warm-eddsa', 'as warm, EdDSA; HAProxy 2.6 has none', { ...rs256, algorithm: 'EdDSA' }),
  warm('warm-hs256', 'as warm, HS256', { ...rs256, algorithm: 'HS256' }),
  unique('unique-es256', 'ES256'),
  unique('unique-eddsa', 'EdDSA'),
  unique('unique-hs256', 'HS256'),
  warm('warm-600', 'as warm, tokens of 0.6 KiB', { ...rs256, tokenBytes: 600 }),
  // The cache is bounded in bytes, too.
  warm('warm-6k', '1,000 tokens of 6 KiB, all verified before', { ...rs256, tokenBytes: 6144, tokens: 1_000 }),
]
