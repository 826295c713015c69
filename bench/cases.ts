/** How a token is signed. HAProxy 2.6 knows no EdDSA. */
export type BenchAlgorithm = 'RS256' | 'ES256' | 'EdDSA' | 'HS256'

/** The tokens of a case. */
export interface TokenKind {
  readonly algorithm: BenchAlgorithm
  /** About so long, in characters. */
  readonly tokenBytes: number
  /**
   * `foreign`: an issuer nobody trusts, refused before any cryptography; `forged`: the signature of another key; `expired`:
   * an hour ago.
   */
  readonly origin: 'trusted' | 'foreign' | 'forged' | 'expired'
  /** Distinct tokens in turn; never one token. */
  readonly tokens: number
  /** How many keys signed them, each an equal part, in order. */
  readonly signingKeys: number
}

/** What callers speak: `https-new` opens a connection for each request, `h2` is HTTP/2 over TLS. */
export type Transport = 'http' | 'https' | 'https-new' | 'h2'

/** Where Jotgate has its key from: its configuration, or a JWKS that is there, rotates, or went away. */
export type KeySource = 'static' | 'jwks' | 'jwks-rotating' | 'jwks-down'

/** What the ratio is to: HAProxy, or Jotgate itself over HTTP/1.1, or with the key in its configuration. */
export type Against = 'haproxy' | 'own-http1' | 'own-static-key' | 'nothing'

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
  readonly transport: Transport
  /** Bytes of the request's and of the answer's body; 0 down is the upstream's constant of 11 bytes. */
  readonly body: { readonly upBytes: number; readonly downBytes: number }
  /** Requests a second at most; undefined lets the closed loop run as fast as it goes. */
  readonly rpsMax: number | undefined
  readonly keys: KeySource
  /** Kept-alive connections that are open all the time and silent. */
  readonly idleConnections: number
  /** The shortest run that shows what the case is about. */
  readonly secondsMin: number
  readonly against: Against
  /** A further yardstick, printed beside the ratio and no part of it. */
  readonly beside: 'haproxy' | 'nginx' | undefined
}

/** What all requests ask for. */
export const benchPath = '/api/orders/17'

/** A JWKS that rotates has a new key so often, and keeps the old one as long. */
export const rotationSeconds = 60

/** Ten times the verified-token cache (16,384 entries): asked in order, no token is found there again. */
const uniqueTokens = 163_840
const warmTokens = 10_000
const always = { min: 0.999, max: 1 }
const never = { min: 0, max: 0.001 }

const rs256: TokenKind = { algorithm: 'RS256', tokenBytes: 1200, origin: 'trusted', tokens: warmTokens, signingKeys: 1 }

/** Warm RS256 tokens over HTTP/1.1 on kept connections, no body, the key in the configuration. */
const base: Omit<BenchCase, 'name' | 'about'> = {
  isProtected: true,
  kind: rs256,
  expectedStatus: 200,
  hitRate: always,
  isBase: false,
  transport: 'http',
  body: { upBytes: 0, downBytes: 0 },
  rpsMax: undefined,
  keys: 'static',
  idleConnections: 0,
  secondsMin: 0,
  against: 'haproxy',
  beside: undefined,
}

type Difference = Partial<BenchCase>

function warm(name: string, about: string, different: Difference = {}): BenchCase {
  return { ...base, name, about, ...different }
}

function ofAlgorithm(algorithm: BenchAlgorithm, kind: Partial<TokenKind> = {}): Pick<BenchCase, 'kind' | 'against'> {
  return { kind: { ...rs256, ...kind, algorithm }, against: algorithm === 'EdDSA' ? 'nothing' : 'haproxy' }
}

function unique(name: string, algorithm: BenchAlgorithm, isBase = false): BenchCase {
  const about = `${algorithm} tokens from a pool ten times the cache`
  return { ...base, name, about, ...ofAlgorithm(algorithm, { tokens: uniqueTokens }), hitRate: never, isBase }
}

function refused(name: string, algorithm: BenchAlgorithm, origin: 'foreign' | 'forged', isBase = false): BenchCase {
  const about =
    origin === 'foreign'
      ? `${algorithm} tokens of a foreign issuer, refused before any cryptography`
      : `${algorithm} tokens signed with another key, most of them past the budget of failures`
  return {
    ...base,
    name,
    about,
    ...ofAlgorithm(algorithm, { origin }),
    expectedStatus: 401,
    hitRate: undefined,
    isBase,
  }
}

const kib16 = 16 * 1024
const mib1 = 1024 * 1024
/** What the generator and the upstream can do while their core is not the limit. */
const rps16k = 4_000
const rps1m = 300
const newConnectionsPerSecond = 400
/** With the load's, 10,000 in all: what a worker takes that may open 20,000 files. */
const idleConnections10k = 9_900

/** The base cases, and from there one dimension at a time. */
export const cases: readonly BenchCase[] = [
  {
    ...base,
    name: 'public',
    about: 'no token asked; HAProxy passes through, nginx beside it',
    isProtected: false,
    hitRate: undefined,
    isBase: true,
    beside: 'nginx',
  },
  warm('warm', '10,000 RS256 tokens in turn, all verified before', { isBase: true }),
  unique('unique', 'RS256', true),
  refused('refused', 'RS256', 'foreign', true),
  refused('refused-es256', 'ES256', 'foreign'),
  refused('refused-eddsa', 'EdDSA', 'foreign'),
  refused('refused-hs256', 'HS256', 'foreign'),
  refused('forged', 'RS256', 'forged'),
  refused('forged-es256', 'ES256', 'forged'),
  refused('forged-eddsa', 'EdDSA', 'forged'),
  refused('forged-hs256', 'HS256', 'forged'),
  warm('warm-es256', 'as warm, ES256', ofAlgorithm('ES256')),
  warm('warm-eddsa', 'as warm, EdDSA; HAProxy 2.6 has none', ofAlgorithm('EdDSA')),
  warm('warm-hs256', 'as warm, HS256', ofAlgorithm('HS256')),
  unique('unique-es256', 'ES256'),
  unique('unique-eddsa', 'EdDSA'),
  unique('unique-hs256', 'HS256'),
  warm('warm-600', 'as warm, tokens of 0.6 KiB', { kind: { ...rs256, tokenBytes: 600 } }),
  // The cache is bounded in bytes, too.
  warm('warm-6k', '1,000 tokens of 6 KiB, all verified before', {
    kind: { ...rs256, tokenBytes: 6144, tokens: 1_000 },
  }),
  warm('body-16k-up', 'as warm, requests with 16 KiB', { body: { upBytes: kib16, downBytes: 0 }, rpsMax: rps16k }),
  warm('body-16k-down', 'as warm, answers with 16 KiB', { body: { upBytes: 0, downBytes: kib16 }, rpsMax: rps16k }),
  warm('body-1m-up', 'as warm, requests with 1 MiB', { body: { upBytes: mib1, downBytes: 0 }, rpsMax: rps1m }),
  warm('body-1m-down', 'as warm, answers with 1 MiB', { body: { upBytes: 0, downBytes: mib1 }, rpsMax: rps1m }),
  warm('tls-keepalive', 'as warm, TLS 1.3 on kept connections', { transport: 'https' }),
  warm('tls-new', 'as warm, a full TLS 1.3 handshake for each request', {
    ...{ transport: 'https-new', rpsMax: newConnectionsPerSecond },
  }),
  warm('http2', 'as warm, HTTP/2 over TLS; the ratio is to its own HTTP/1.1 over TLS', {
    ...{ transport: 'h2', against: 'own-http1', beside: 'haproxy' },
  }),
  warm('idle-10k', 'as warm, while 9,900 kept connections are silent', { idleConnections: idleConnections10k }),
  warm('jwks-healthy', 'as warm, keys from a JWKS fetched again each 5 s; the ratio is to a key in the configuration', {
    // Two fetches at least.
    ...{ keys: 'jwks', against: 'own-static-key', secondsMin: 11 },
  }),
  warm('jwks-rotating', 'a new key each 60 s, the old one kept 60 s; the ratio is to a key in the configuration', {
    ...{ keys: 'jwks-rotating', against: 'own-static-key', secondsMin: rotationSeconds + 10 },
    // Five keys last for four minutes. Two of them are in use at any time: as many tokens in turn as in `warm`.
    kind: { ...rs256, tokens: (5 * warmTokens) / 2, signingKeys: 5 },
    // 5,000 tokens of the new key come in, and one is kept from its second time on.
    hitRate: { min: 0.98, max: 1 },
  }),
  warm('jwks-down', 'the JWKS was there once and is gone; the ratio is to a key in the configuration', {
    ...{ keys: 'jwks-down', against: 'own-static-key' },
  }),
]
