import type { Reject } from '../../domain/reject.ts'
import type { Exchange } from '../exchange.ts'
import type { Http1Fault } from './http1-fault.ts'

/** What the listener hands requests to. */
export interface ExchangeHandler {
  readonly handle: (exchange: Exchange) => void
  /** The listener read the request and found it must not go on: answered and recorded like any refusal. */
  readonly refuse: (exchange: Exchange, reject: Reject) => void
  /** The parser refused the bytes: the complete answer to write before the connection is closed. */
  readonly refuseRaw: (fault: RawFault, peer: string) => string
}

/**
 * Why there is no request to hand over: our parser's word, or that of node:http. `connect` asks for a tunnel to
 * somewhere else, which nobody gets (RFC 9110 9.3.6).
 */
export type RawFault = Http1Fault | 'connect' | `HPE_${string}`
