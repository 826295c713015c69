import type { Result } from '../domain/result.ts'
import type { FetchFault } from './fetch-fault.ts'

/** One request to a URL that came from configuration, a user or another server. */
export interface FetchRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  /** Lower-case names. Never Host, Accept-Encoding or anything of framing. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything together: name look-up, connection, handshake, answer. */
  readonly timeoutMs: number
  readonly bodyBytesMax: number
  /** `operator`: written in the operator's own configuration; `learnt`: another server named it. */
  readonly trust: 'operator' | 'learnt'
  readonly allowInsecureHttp: boolean
  /** Private networks (CIDR) that a learnt URL may lie in. */
  readonly allowPrivate: readonly string[]
  /** A URL of the operator's; a learnt URL of the same scheme, host and port counts as the operator's too. */
  readonly sameOriginAs?: string
}

export interface FetchAnswer {
  readonly status: number
  /** Lower-case names; a repeated field is joined or its first kept, as Node does. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Fetches once, under every guard of S6. Never rejects for what the far side does. */
export type GuardedFetch = (request: FetchRequest) => Promise<Result<FetchAnswer, FetchFault>>
