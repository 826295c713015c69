/** What is measured: one row a case. Both sides do the same work for the same requests. */
export interface BenchCase {
  readonly name: 'public' | 'warm' | 'unique' | 'refused'
  /** What the case shows, for the table. */
  readonly about: string
  /** Whether the API wants a token. */
  readonly isProtected: boolean
  /** Distinct tokens in turn; never one token. */
  readonly tokens: number
  /** The `iss` the tokens carry: a foreign one is refused before any cryptography. */
  readonly issuer: 'trusted' | 'foreign'
  readonly expectedStatus: 200 | 401
  /** Bounds on the token cache's hit rate, read from the metrics; undefined where no cache is asked. */
  readonly hitRate: { readonly min: number; readonly max: number } | undefined
}

/** Ten times the verified-token cache (16,384 entries): asked in order, no token is found there again. */
const uniqueTokens = 163_840
const warmTokens = 10_000

export const cases: readonly BenchCase[] = [
  {
    name: 'public',
    about: 'no token asked; HAProxy passes through',
    isProtected: false,
    tokens: warmTokens,
    issuer: 'trusted',
    expectedStatus: 200,
    hitRate: undefined,
  },
  {
    name: 'warm',
    about: '10,000 RS256 tokens in turn, all verified before',
    isProtected: true,
    tokens: warmTokens,
    issuer: 'trusted',
    expectedStatus: 200,
    hitRate: { min: 0.999, max: 1 },
  },
  {
    name: 'unique',
    about: 'RS256 tokens from a pool ten times the cache',
    isProtected: true,
    tokens: uniqueTokens,
    issuer: 'trusted',
    expectedStatus: 200,
    hitRate: { min: 0, max: 0.001 },
  },
  {
    name: 'refused',
    about: 'a foreign issuer, refused before any cryptography',
    isProtected: true,
    tokens: warmTokens,
    issuer: 'foreign',
    expectedStatus: 401,
    hitRate: undefined,
  },
]
