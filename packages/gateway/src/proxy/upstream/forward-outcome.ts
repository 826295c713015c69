import type { CutCause, EndCause } from '../../domain/end-cause.ts'
import type { Reject } from '../../domain/reject.ts'
import type { TunnelEnd, TunnelUser } from '../exchange.ts'
import type { TunnelOutcome } from '../tunnel/tunnel.ts'

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
      /** What ended a tunnel, or cut a long answer short; undefined: the answer came to its own end. */
      readonly ended: EndCause | undefined
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
export type ShapeHead = (status: number, rawHeaders: readonly string[], answer: LongAnswer) => string[]

/** An answer that may go on for long. */
export interface LongAnswer {
  /** It has no next piece that is owed: it may be silent for `streamIdleTimeout`. */
  readonly isEventStream: () => void
  /** Breaks it off; what was sent stays sent. */
  readonly cut: (cause: CutCause) => void
}

/** A WebSocket handshake on its way to the upstream (RFC 6455 4.1). */
export interface Handshake {
  /** Its `Sec-WebSocket-Key`. */
  readonly key: string
  /** The upstream agreed: joins both ends. `done` is called when they are closed. */
  readonly open: (rawHeaders: string[], upstream: TunnelEnd, done: (outcome: TunnelOutcome) => void) => TunnelUser
}
