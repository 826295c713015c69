import type { TokenPlace } from '../compile/plan.ts'
import type {
  CompiledApi,
  CompiledApplication,
  CompiledIssuer,
  EffectiveAccess,
  Snapshot,
} from '../compile/snapshot.ts'
import type { UnverifiedToken, VerifiedToken } from '../domain/token.ts'
import type { Exchange } from './exchange.ts'
import type { Grant } from './grant.ts'
import type { RequestHead } from './head/request-head.ts'
import type { CachedToken } from './token-cache.ts'

/**
 * What became known of a request on its way. The pipeline alone writes it, `record` and `explain` alone read it; no
 * step sees it, so no step can depend on what another one left behind.
 */
export interface Trail {
  readonly exchange: Exchange
  readonly snapshot: Snapshot
  readonly decisionId: string
  head: RequestHead | undefined
  api: CompiledApi | undefined
  access: EffectiveAccess | undefined
  /** A browser's question, which no upstream gets. */
  preflight: boolean
  /** It carries no token and needs none: its API key is enough, or nothing is. */
  withoutToken: boolean
  place: TokenPlace | undefined
  /** Unverified: may be shown, never believed. */
  token: UnverifiedToken | undefined
  issuer: CompiledIssuer | undefined
  verified: VerifiedToken | undefined
  /** Hash of the caller's API key; the key itself is kept nowhere. */
  apiKeyHash: string | undefined
  /** Which application is calling, where the API asks. */
  application: CompiledApplication | undefined
  /** The caller's policies, where the API asks for any. */
  grant: Grant | undefined
  cached: CachedToken | undefined
  /** Whether the cache was asked, and had the token. */
  lookup: 'none' | 'hit' | 'miss'
}

export function startTrail(exchange: Exchange, snapshot: Snapshot, decisionId: string): Trail {
  return {
    exchange,
    snapshot,
    decisionId,
    head: undefined,
    api: undefined,
    access: undefined,
    preflight: false,
    withoutToken: false,
    place: undefined,
    token: undefined,
    issuer: undefined,
    verified: undefined,
    apiKeyHash: undefined,
    application: undefined,
    grant: undefined,
    cached: undefined,
    lookup: 'none',
  }
}
