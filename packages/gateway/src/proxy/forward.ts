import type { UpstreamPlan } from '../compile/plan.ts'
import type { HeaderNames } from '../domain/header-name.ts'
import type { Reject } from '../domain/reject.ts'
import type { Exchange } from './exchange.ts'
import { Forwarding } from './upstream/forwarding.ts'
import type { Pools } from './upstream/pools.ts'

/** The head a request goes on with. All of it has passed the checked header writer: it is written as it stands. */
export interface OutgoingHead {
  readonly method: string
  /** Origin form. */
  readonly target: string
  /** What `Host` carries; undefined: the authority of the target that takes the request. */
  readonly authority: string | undefined
  /** Lines that each end in CRLF, without `Host` and without the fields that frame a message. */
  readonly headers: string
  /** Names only the gateway may say to this upstream, or that carry tokens: no trailer has them. */
  readonly heldFromTrailers?: HeaderNames
}

/** What became of a request sent on; times in milliseconds since `forward` was called, bytes of body content. */
export type ForwardOutcome =
  | {
      readonly ok: true
      readonly status: number
      readonly requestBytes: number
      readonly responseBytes: number
      /** Until a connection was there; undefined when a kept one was taken at once. */
      readonly connectMs: number | undefined
      readonly firstByteMs: number
      readonly totalMs: number
      /** The target's authority. */
      readonly target: string
      readonly reused: boolean
    }
  | {
      readonly ok: false
      readonly reject: Reject
      /** The head had gone to the caller already, so the answer was broken off; else the caller still waits for one. */
      readonly answered: boolean
      readonly target: string
      readonly totalMs: number
    }

/** Turns the upstream's raw headers into those for the caller; called once, before any byte goes to the caller. */
export type ShapeHead = (status: number, rawHeaders: readonly string[]) => string[]

/**
 * Sends a request on and its answer back, streaming both with back-pressure, in constant memory. `done` is called once,
 * also when the caller is gone. `Reply.head` gets the upstream's Content-Length as `bodyBytes` (for HEAD and 304 the
 * length of what is not sent; undefined for 204), and an answer that came in one read is written within one tick.
 */
export function forward(
  exchange: Exchange,
  head: OutgoingHead,
  upstream: UpstreamPlan,
  pools: Pools,
  shapeHead: ShapeHead,
  done: (outcome: ForwardOutcome) => void,
): void {
  new Forwarding(exchange, head, upstream, pools, shapeHead, done).start()
}
