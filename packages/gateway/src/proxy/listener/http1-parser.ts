import { BlockReader } from '../framing/block-reader.ts'
import { listHas } from '../framing/list-has.ts'
import { type BodyBounds, MessageBody } from '../framing/message-body.ts'
import type { Http1Fault } from './http1-fault.ts'
import { type Http1Head, mayBeginHttp1, readHttp1Head } from './http1-head.ts'

/** A head with its empty line, or a trailer section (S15). */
export const headBytesMax: number = 32 * 1024
const bodyBounds: BodyBounds = { trailerBytesMax: headBytesMax, fieldsMax: 100, sizeDigitsMax: 16 }
/** Empty lines before a request line, which some callers send behind a body (RFC 9112 2.2). */
const emptyLinesMax = 2

const cr = 0x0d
const lf = 0x0a

/**
 * Strict incremental reader of HTTP/1 requests, one after the other (RFC 9112 3 to 7). Whoever feeds it decides when it
 * goes on: it stops behind each head and behind each body. Any division of the same bytes yields the same requests.
 * Work is linear in the bytes read.
 */
export class Http1Parser {
  /** Set by the `readHead` that found its end, to the next one. */
  head: Http1Head | undefined
  fault: Http1Fault | undefined
  /** A trailer said that no request follows. */
  trailersClose = false
  private readonly block = new BlockReader(headBytesMax)
  private body: MessageBody | undefined
  private emptyLines = 0
  private hasCr = false

  /** The request's body is still to come, or part of it. */
  get isInBody(): boolean {
    return this.body !== undefined && !this.body.ended
  }

  /** Part of a head has come; empty lines before it are none. */
  get isInHead(): boolean {
    return this.block.heldBytes > 0
  }

  /** Content of the last `readBody`: starts and ends in its piece. */
  get ranges(): readonly number[] {
    return this.body?.ranges ?? []
  }

  get trailers(): readonly string[] {
    return this.body?.trailers ?? []
  }

  /** Bytes looked at, for the proof that work is linear. */
  get steps(): number {
    return this.block.steps + (this.body?.steps ?? 0)
  }

  /** Reads a head, from `from`; returns the position behind what belongs to it. */
  readHead(chunk: Buffer, from: number): number {
    this.head = undefined
    const at = this.block.heldBytes === 0 ? this.skipEmptyLines(chunk, from) : from
    if (at === chunk.length || this.fault !== undefined) return at
    const { block } = this
    const end = block.take(chunk, at)
    if (block.fault !== undefined) this.fault = block.fault === 'too_large' ? 'headers_too_large' : block.fault
    else if (block.text !== '') this.endHead(block.text)
    else if (!mayBeginHttp1(block.start.toString('latin1', 0, beginBytes))) this.fault = 'method'
    return end
  }

  /** Reads the body of the request whose head came last. */
  readBody(chunk: Buffer, from: number): number {
    const { body } = this
    if (body === undefined) return from
    const end = body.push(chunk, from)
    if (body.faulted) this.fault = body.fault
    else if (body.ended && body.trailers.length > 0) this.judgeTrailers(body.trailers)
    return end
  }

  /** Fields that frame a message mean nothing behind it, and somebody may be meant to believe them (RFC 9110 6.5.1). */
  private judgeTrailers(trailers: readonly string[]): void {
    for (let at = 0; at < trailers.length; at += 2) {
      const name = (trailers[at] ?? '').toLowerCase()
      if (name === 'content-length' || name === 'transfer-encoding') this.fault = 'trailer'
      else if (name === 'connection' && listHas(trailers[at + 1] ?? '', 'close')) this.trailersClose = true
    }
  }

  private endHead(text: string): void {
    this.emptyLines = 0
    const read = readHttp1Head(text)
    if (typeof read === 'string') {
      this.fault = read
      return
    }
    this.head = read
    if (read.body === 0) return
    this.body ??= new MessageBody(bodyBounds)
    this.body.begin(read.body)
  }

  private skipEmptyLines(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length) {
      if (this.hasCr) {
        if (chunk[at] !== lf) this.fault = 'request_line'
        this.hasCr = false
        this.emptyLines += 1
      } else if (chunk[at] === cr && this.emptyLines < emptyLinesMax) this.hasCr = true
      else return at
      if (this.fault !== undefined) return at
      at++
    }
    return at
  }
}

/** The longest method is shorter. */
const beginBytes = 24
