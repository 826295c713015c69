import { BlockReader } from '../framing/block-reader.ts'
import { type BodyFraming, MessageBody } from '../framing/message-body.ts'
import type { ResponseFault } from './response-fault.ts'
import { headersMax, type ResponseHead, readResponseHead } from './response-head.ts'

/** A head with its empty line, or a trailer section. */
export const blockBytesMax: number = 64 * 1024
/** Answers 100, 102, 103 before the final one. */
export const interimMax = 8

/** What a push leaves behind: more to come, the message is whole, HTTP ended with a 101, or it is not HTTP as we take it. */
export type ParseState = 'more' | 'ended' | 'upgraded' | 'faulted'

const headPhase = 0
const bodyPhase = 1
const endedPhase = 2
const upgradedPhase = 3
const faultedPhase = 4

const prefix = Buffer.from('HTTP/1.', 'latin1')

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
  /** Bytes that followed the message. */
  surplusBytes = 0
  fault: ResponseFault = 'truncated'
  /** After `upgraded`: where the last pushed piece goes on in another protocol. */
  upgradedAt = 0

  private readonly block = new BlockReader(blockBytesMax)
  private readonly body = new MessageBody({ trailerBytesMax: blockBytesMax, fieldsMax: headersMax, sizeDigitsMax: 8 })
  private phase = headPhase
  private toHead = false
  private toUpgrade = false
  private interims = 0

  /** Starts and ends, in the last pushed piece, of the body's content. */
  get ranges(): readonly number[] {
    return this.body.ranges
  }

  /** Trailer fields of a chunked body, unfiltered: whoever passes them on filters them as headers (S12). */
  get trailers(): readonly string[] {
    return this.body.trailers
  }

  /** Bytes looked at, for the proof that work is linear. */
  get steps(): number {
    return this.block.steps + this.body.steps
  }

  /** The next answer; `toHead` when it answers a HEAD request, `toUpgrade` when it may be a 101. */
  begin(toHead: boolean, toUpgrade = false): void {
    this.phase = headPhase
    this.toHead = toHead
    this.toUpgrade = toUpgrade
    this.interims = 0
    this.surplusBytes = 0
    this.block.reset()
    this.body.begin(0)
    this.headEnded = false
  }

  push(chunk: Buffer): ParseState {
    this.headEnded = false
    this.body.forgetRanges()
    let at = 0
    while (at < chunk.length && this.phase === headPhase) at = this.takeHead(chunk, at)
    if (this.phase === bodyPhase) at = this.takeBody(chunk, at)
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
    this.body.forgetRanges()
    if (this.phase === bodyPhase && this.body.endsByClose) this.phase = endedPhase
    if (this.phase === endedPhase) return 'ended'
    return this.phase === faultedPhase ? 'faulted' : this.fail('truncated')
  }

  private takeBody(chunk: Buffer, at: number): number {
    const end = this.body.push(chunk, at)
    if (this.body.ended) this.phase = endedPhase
    else if (this.body.faulted) this.fail(this.body.fault)
    return end
  }

  private takeHead(chunk: Buffer, at: number): number {
    const { block } = this
    const end = block.take(chunk, at)
    if (block.fault !== undefined) this.fail(block.fault === 'too_large' ? 'head_too_large' : 'bare_lf')
    else if (block.text !== '') this.readHead(block.text)
    else if (!this.startsRight()) this.fail('status_line')
    return end
  }

  private readHead(text: string): void {
    const fault = readResponseHead(text, this.head)
    if (fault !== undefined) this.fail(fault)
    else if (this.head.status < 200) this.endInterim()
    else this.endHead()
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
    else this.beginBody(chunked ? 'chunked' : (contentLength ?? 'untilClose'))
  }

  private beginBody(framing: BodyFraming): void {
    this.body.begin(framing)
    if (framing === 'untilClose') this.head.persistent = false
    this.phase = this.body.ended ? endedPhase : bodyPhase
  }

  private isBodiless(): boolean {
    return this.toHead || this.head.status === 204 || this.head.status === 304
  }

  /** Something that does not speak HTTP is known by its first bytes. */
  private startsRight(): boolean {
    const { start } = this.block
    const bytes = Math.min(start.length, prefix.length)
    return start.compare(prefix, 0, bytes, 0, bytes) === 0
  }

  private fail(fault: ResponseFault): 'faulted' {
    this.fault = fault
    this.phase = faultedPhase
    this.body.forgetRanges()
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
