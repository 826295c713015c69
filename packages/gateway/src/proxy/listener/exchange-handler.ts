import type { Reject } from '../../domain/reject.ts'
import type { Exchange } from '../exchange.ts'

/** What the listener hands requests to. */
export interface ExchangeHandler {
  readonly handle: (exchange: Exchange) => void
  /** The listener read the request and found it must not go on: answered and recorded like any refusal. */
  readonly refuse: (exchange: Exchange, reject: Reject) => void
  /** The parser refused the bytes: the complete answer to write before the connection is closed. */
  readonly refuseRaw: (fault: RawFault, peer: string) => string
}

/**
 * Why bytes never became a request: the parser's code where no word of ours fits. `connect` is a request, but node:http
 * hands over its socket instead.
 */
export type RawFault = 'headers_too_large' | 'headers_timeout' | 'connect' | `HPE_${string}`
