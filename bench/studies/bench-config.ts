import { audience, issuer } from '../tokens.ts'

/** A configuration as JSON is written. */
export interface BenchConfig {
  readonly version: 1
  readonly issuers: Readonly<Record<string, object>>
  readonly apis: Readonly<Record<string, object>>
}

/** The bench's API, for its tokens; `keys` says where the issuer's come from, with what that needs beside it. */
export function benchConfig(upstreamPort: number, keys: object): BenchConfig {
  const targets = [`http://127.0.0.1:${upstreamPort}`]
  return {
    version: 1,
    issuers: { bench: { issuer, algorithms: ['RS256'], audiences: [audience], ...keys } },
    apis: { bench: { listen: { path: '/api' }, upstream: { targets }, access: { issuers: ['bench'] } } },
  }
}
