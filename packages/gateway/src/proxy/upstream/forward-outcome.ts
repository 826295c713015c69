import type { Reject } from '../../domain/reject.ts'

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
