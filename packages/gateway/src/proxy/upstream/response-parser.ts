import { ChunkedBody } from './chunked-body.ts'
import type { ResponseFault } from './response-fault.ts'
import { type ResponseHead, readResponseHead, readTrailers } from './response-head.ts'

/** A head with its empty line, or a trailer section. */
export const blockBytesMax: number = 64 * 1024
/** Answers 100, 102, 103 before the final one. */
export const interimMax = 8

/** What a push leaves behind: more to come, the message is whole, HTTP ended with a 101, or it is not HTTP as we take it. */
export type ParseState = 'more' | 'ended' | 'upgraded' | 'faulted'

const headPhase = 0
const sizedPhase = 1
const untilClosePhase = 2
const chunkedPhase = 3
const trailerPhase = 4
const endedPhase = 5
const upgradedPhase = 6
const faultedPhase = 7

const blockEnd = Buffer.from('\r\n\r\n', 'latin1')
const prefix = Buffer.from('HTTP/1.', 'latin1')
const cr = 0x0d
const lf = 0x0a
const noTrailers: readonly string[] = []

/**
 * Strict incremental reader of HTTP/1 answers (RFC 9112 4 to 7). Each `push` reads one piece; what the piece held is
 * then found in the fields, as positions in that piece: nothing is copied but a head that came in several pieces.
 * Any division of the same bytes yields the same message. Work is linear in the bytes pushed.
 */
export class ResponseParser {
  /** Valid from the push that set `headEnded` to the next `begin`. */
  readonly head: ResponseHead = emptyHead()
  /** The last push finished the head of the final answer. */
  headEnded = false
  /** Starts and ends, in the last pushed piece, of the body's content. */
  readonly ranges: number[] = []
  /** Bytes that followed the message. */
  surplusBytes = 0
  fault: ResponseFault = 'truncated'
  /** Trailer fields of a chunked body, unfiltered: whoever passes them on filters them as headers (S12). */
  trailers: readonly string[] = noTrailers
  /** After `upgraded`: where the last pushed piece goes on in another protocol. */
  upgradedAt = 0
  /** Bytes looked at, for the proof that work is linear. */
  steps = 0

  private readonly chunks = new ChunkedBody()
  private phase = headPhase
  private toHead = false
  private toUpgrade = false
  private interims = 0
  private left = 0
  private block = ''
  private held: Buffer = Buffer.alloc(0)
  private heldBytes = 0

  /** The next answer; `toHead` when it answers a HEAD request, `toUpgrade` when it may be a 101. */
  begin(toHead: boolean, toUpgrade = false): void {
    this.phase = headPhase
    this.toHead = toHead
    this.toUpgrade = toUpgrade
    this.interims = 0
    this.surplusBytes = 0
    this.heldBytes = 0
    this.trailers = noTrailers
    this.headEnded = false
    this.ranges.length = 0
  }

  push(chunk: Buffer): ParseState {
    this.headEnded = false
    this.ranges.length = 0
    let at = 0
    while (at < chunk.length && this.phase < endedPhase) at = this.take(chunk, at)
    if (this.phase === faultedPhase) return 'faulted'
    if (this.phase === upgradedPhase) {
      this.upgradedAt = at
      return 'upgraded'
    }
    if (this.phase !== endedPhase) return 'more'
    this.surplusBytes += chunk.length - at
    // Known before anything is handed on; the same bytes in a later read only cost the connection.
    if (this.headEnded && this.surplusBytes > 0 && this.isBodiless()) return this.fail('body_not_allowed')
    return 'ended'
  }

  /** The upstream closed its side: the end of a close-delimited body, a fault anywhere else. */
  finish(): ParseState {
    this.headEnded = false
    this.ranges.length = 0
    if (this.phase === untilClosePhase) this.phase = endedPhase
    if (this.phase === endedPhase) return 'ended'
    return this.phase === faultedPhase ? 'faulted' : this.fail('truncated')
  }

  /** Reads within the current phase; returns the position after what it took. */
  private take(chunk: Buffer, at: number): number {
    switch (this.phase) {
      case headPhase:
        return this.takeHead(chunk, at)
      case sizedPhase: {
        const end = Math.min(chunk.length, at + this.left)
        this.ranges.push(at, end)
        this.left -= end - at
        this.steps++
        if (this.left === 0) this.phase = endedPhase
        return end
      }
      case untilClosePhase:
        this.ranges.push(at, chunk.length)
        this.steps++
        return chunk.length
      case chunkedPhase: {
        const end = this.chunks.push(chunk, at, this.ranges)
        this.steps += end - at
        if (this.chunks.ended) this.phase = trailerPhase
        else if (this.chunks.faulted) this.fail(this.chunks.fault)
        return end
      }
      default:
        return this.takeTrailers(chunk, at)
    }
  }

  private takeHead(chunk: Buffer, at: number): number {
    const end = this.takeBlock(chunk, at, 'head_too_large')
    if (this.block === '') {
      if (this.phase === headPhase && !this.startsRight()) this.fail('status_line')
      return end
    }
    const fault = readResponseHead(this.block, this.head)
    this.block = ''
    if (fault !== undefined) this.fail(fault)
    else if (this.head.status < 200) this.endInterim()
    else this.endHead()
    return end
  }

  /** RFC 9110 15.2. Interim answers are dropped; 103 would be passed on from here. */
  private endInterim(): void {
    const { status, chunked, contentLength } = this.head
    if (status === 101 && !this.toUpgrade) this.fail('upgrade_not_asked')
    else if (chunked || contentLength !== undefined) this.fail('body_not_allowed')
    else if (status === 101) this.phase = upgradedPhase
    else if (++this.interims > interimMax) this.fail('too_many_interim')
  }

  /** RFC 9112 6.3. */
  private endHead(): void {
    const { status, chunked, contentLength } = this.head
    this.headEnded = true
    // RFC 9110 8.6 and RFC 9112 6.1: a 204 announces no body; a zero is harmless and common.
    if (status === 204 && (chunked || (contentLength ?? 0) > 0)) this.fail('body_not_allowed')
    else if (this.isBodiless()) this.phase = endedPhase
    else if (chunked) {
      this.chunks.reset()
      this.phase = chunkedPhase
    } else if (contentLength === undefined) {
      this.head.persistent = false
      this.phase = untilClosePhase
    } else {
      this.left = contentLength
      this.phase = contentLength === 0 ? endedPhase : sizedPhase
    }
  }

  private isBodiless(): boolean {
    return this.toHead || this.head.status === 204 || this.head.status === 304
  }

  /** An empty line at once is the usual case; a section with fields is read like a head. */
  private takeTrailers(chunk: Buffer, at: number): number {
    if (this.heldBytes === 0 && chunk[at] === cr && chunk[at + 1] === lf) {
      this.phase = endedPhase
      return at + 2
    }
    if (this.heldBytes === 1 && this.held[0] === cr) {
      if (chunk[at] === lf) this.phase = endedPhase
      else this.fail('trailer')
      return at + 1
    }
    // A CR at the end of a read is kept alone, so that the next byte decides between the empty line and a fault.
    if (this.heldBytes === 0 && chunk[at] === cr) return this.hold(chunk.subarray(0, at + 1), at, 'trailer')
    const end = this.takeBlock(chunk, at, 'trailer')
    if (this.block === '') return end
    const trailers = readTrailers(this.block)
    this.block = ''
    if (trailers === undefined) this.fail('trailer')
    else {
      this.trailers = trailers
      this.phase = endedPhase
    }
    return end
  }

  /** Sets `block` once an empty line was found; until then keeps what came. */
  private takeBlock(chunk: Buffer, at: number, tooLarge: ResponseFault): number {
    if (this.heldBytes === 0) {
      const found = chunk.indexOf(blockEnd, at)
      if (found !== -1) {
        const end = found + 4
        this.steps += end - at
        if (end - at > blockBytesMax) this.fail(tooLarge)
        else this.block = chunk.toString('latin1', at, end)
        return end
      }
    }
    return this.hold(chunk, at, tooLarge)
  }

  private hold(chunk: Buffer, at: number, tooLarge: ResponseFault): number {
    const before = this.heldBytes
    const taken = Math.min(chunk.length - at, blockBytesMax - before)
    this.reserve(before + taken)
    chunk.copy(this.held, before, at, at + taken)
    const after = before + taken
    this.steps += taken
    const found = this.held.subarray(0, after).indexOf(blockEnd, Math.max(0, before - 3))
    if (found !== -1) {
      const end = found + 4
      this.block = this.held.toString('latin1', 0, end)
      this.heldBytes = 0
      return at + end - before
    }
    this.heldBytes = after
    if (after === blockBytesMax) this.fail(tooLarge)
    else if (this.hasBareLf(before, after)) this.fail('bare_lf')
    return at + taken
  }

  private reserve(bytes: number): void {
    if (this.held.length >= bytes) return
    const grown = Buffer.allocUnsafeSlow(Math.min(blockBytesMax, Math.max(1024, bytes, this.held.length * 2)))
    this.held.copy(grown, 0, 0, this.heldBytes)
    this.held = grown
  }

  /** A server that ends lines with LF alone would otherwise be waited for until the time-out. */
  private hasBareLf(from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      if (this.held[at] === lf && (at === 0 || this.held[at - 1] !== cr)) return true
    }
    return false
  }

  /** Something that does not speak HTTP is known by its first bytes. */
  private startsRight(): boolean {
    const bytes = Math.min(this.heldBytes, prefix.length)
    return this.held.compare(prefix, 0, bytes, 0, bytes) === 0
  }

  private fail(fault: ResponseFault): 'faulted' {
    this.fault = fault
    this.phase = faultedPhase
    this.ranges.length = 0
    this.headEnded = false
    return 'faulted'
  }
}

function emptyHead(): ResponseHead {
  return {
    status: 0,
    minorVersion: 1,
    rawHeaders: [],
    contentLength: undefined,
    chunked: false,
    persistent: false,
    keepAliveSeconds: undefined,
  }
}
