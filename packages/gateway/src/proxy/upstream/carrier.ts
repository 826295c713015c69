import type { TunnelEnd, TunnelUser } from '../exchange.ts'
import type { ResponseHead } from './response-head.ts'

/** What carries one request to a target and its answer back: a connection of HTTP/1.1, a stream of HTTP/2. */
export interface Carrier {
  /** Requests begun on its connection, this one included once it was sent. */
  readonly uses: number
  /** When the user has waited too long. */
  deadlineMs: number
  /** When the current request's answer was last heard of. */
  readMs: number
  /** A byte of the current request's answer has come. */
  readonly answered: boolean
  /**
   * Begins a request: `head` is a checked HTTP/1.1 head that ends in its empty line and says how the body is framed;
   * `bodyBytes` is the body's size, `chunked` when only its end will tell.
   */
  send(user: CarrierUser, head: string, isHead: boolean, bodyBytes: number | 'chunked'): void
  /** A piece of the body. False: wait for `requestDrained`. A body longer than announced must not be written. */
  write(chunk: Buffer): boolean
  /** Pieces it was given may not have left yet: their memory is in use. */
  readonly holdsPieces: boolean
  /** The end of the body; for a sized one nothing may be owed any more. `trailers`: checked lines, each with its CRLF. */
  endBody(trailers: string): void
  pause(): void
  resume(): void
  /** Gives the request up; its user hears no more. */
  destroy(): void
}

/** Who a carrier works for: one request at a time. */
export interface CarrierUser {
  /** The request may be answered with 101 (HTTP/1.1 alone). */
  readonly awaitsUpgrade: boolean
  /** The head of the final answer; `head` is valid during the call. */
  answerHead(head: ResponseHead): void
  /** The answer is 101: who takes the connection's bytes from here on. Undefined: nobody, the user destroyed it. */
  upgraded(head: ResponseHead, end: TunnelEnd): TunnelUser | undefined
  /** A piece of the body, in memory of its own. True: it has left, and its memory may be used again. */
  answerData(chunk: Buffer): boolean
  /** The answer is whole; the carrier is no longer the user's. `trailers`: as received, names and values in turn. */
  answerEnd(trailers: readonly string[]): void
  /**
   * The carrier is gone: it closed (`fault` is a code), what it said is not HTTP as we take it, or its server said that
   * it has not looked at the request (RFC 9113 8.7).
   */
  connectionFailed(kind: 'closed' | 'invalid' | 'unprocessed', fault: string): void
  /** What was written has left; more may be written. */
  requestDrained(): void
  deadlinePassed(): void
}
