import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Reject } from '../../domain/reject.ts'
import type { Reply } from '../exchange.ts'
import { type CallerPace, type PaceWatch, startWatch } from './caller-pace.ts'
import { closeLater } from './close-later.ts'
import { isEventStream } from './event-stream.ts'
import type { Http2Body } from './http2-body.ts'
import { http2Headers } from './http2-headers.ts'

/**
 * An answer on a stream. The head waits for the end of the tick, so that an answer without content is one frame: gRPC
 * tells a refused call from an empty one by that (END_STREAM on HEADERS).
 */
export class Http2Reply implements Reply, CallerPace {
  readonly stream: ServerHttp2Stream
  readonly body: Http2Body
  /** For the time limits. */
  readonly watch: PaceWatch = startWatch()
  private readonly isHead: boolean
  private waitingHead: OutgoingHttpHeaders | undefined
  private waitsForTrailers = false
  private ended = false
  private isCutOff = false
  private isBare = false
  private writtenBytes = 0
  private isGone = false
  private gone: ((reject?: Reject) => void) | undefined
  /** Why we let the caller go. */
  private reject: Reject | undefined
  private isEventStream = false

  constructor(stream: ServerHttp2Stream, body: Http2Body, isHead: boolean) {
    this.stream = stream
    this.body = body
    this.isHead = isHead
  }

  /** Bytes the caller has not taken yet. */
  get waitingBytes(): number {
    return this.stream.writableLength
  }

  /** Bytes the caller has taken: what the time limits look at. */
  get takenBytes(): number {
    return this.writtenBytes - this.stream.writableLength
  }

  /** The answer is whole, as far as we are concerned. */
  get isAnswered(): boolean {
    return this.ended
  }

  /** We broke the answer off: the caller is not to blame for the reset. */
  get wasCutOff(): boolean {
    return this.isCutOff || this.body.isCutOff
  }

  /** Node does not say when it has let go of one. */
  readonly holdsPieces = true

  head(status: number, rawHeaders: string[], bodyBytes: number | undefined): void {
    if (bodyBytes !== undefined) rawHeaders.push('content-length', String(bodyBytes))
    this.isEventStream = isEventStream(rawHeaders)
    this.waitingHead = http2Headers(status, rawHeaders)
    // Trailers come behind a length that nobody knew; a gRPC server may tell both.
    this.waitsForTrailers = !this.isHead && (bodyBytes === undefined || this.body.isGrpc)
    // Node ends a stream with a head that has no content, and the request with it: that waits for the upstream's end.
    if (!this.isHead && !withoutContent.has(status)) process.nextTick(flushReply, this)
    else this.isBare = true
  }

  data(chunk: Buffer): boolean {
    this.flush()
    if (!this.stream.writable) return true
    this.writtenBytes += chunk.length
    return this.stream.write(chunk)
  }

  end(trailers?: readonly string[]): void {
    if (this.ended) return
    this.ended = true
    const sendsTrailers = trailers !== undefined && trailers.length > 0 && !this.isBare
    if (this.waitingHead !== undefined && !sendsTrailers) this.respond(true, false)
    else {
      this.flush()
      if (this.waitsForTrailers)
        this.stream.once('wantTrailers', () => this.sendTrailers(sendsTrailers ? trailers : []))
      this.stream.end()
    }
    this.body.letGo()
  }

  send(status: number, rawHeaders: string[], body: string): void {
    rawHeaders.push('content-length', String(Buffer.byteLength(body)))
    this.waitingHead = http2Headers(status, rawHeaders)
    this.ended = true
    if (this.isHead || body === '') this.respond(true, false)
    else {
      this.respond(false, false)
      if (this.stream.writable) this.stream.end(body)
    }
    this.body.letGo()
  }

  abort(): void {
    this.isCutOff = true
    this.waitingHead = undefined
    if (this.stream.destroyed) return
    if (this.body.isReading) closeLater(this.stream, constants.NGHTTP2_INTERNAL_ERROR)
    else this.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  onDrain(listener: () => void): void {
    this.stream.on('drain', listener)
  }

  onGone(listener: (reject?: Reject) => void): void {
    if (this.isGone) listener(this.reject)
    else this.gone = listener
  }

  /** The stream is over. */
  closed(): void {
    this.waitingHead = undefined
    this.body.broke(this.reject ?? (this.stream.rstCode === constants.NGHTTP2_PROTOCOL_ERROR ? streamFault : undefined))
    if (this.ended || this.isCutOff) return
    this.isGone = true
    this.gone?.(this.reject)
  }

  get isLong(): boolean {
    return this.body.isGrpc || this.isEventStream
  }

  /** The caller's time is up: a body that is late is refused while that can be said, else the stream ends. */
  tooSlow(side: 'body' | 'answer', reject: Reject): void {
    if (side === 'body' && !this.ended) {
      this.body.late(reject)
      return
    }
    this.reject = reject
    this.stream.close(this.ended ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL)
  }

  flush(): void {
    if (this.waitingHead !== undefined) this.respond(false, this.waitsForTrailers)
  }

  private respond(endStream: boolean, waitForTrailers: boolean): void {
    const head = this.waitingHead
    this.waitingHead = undefined
    if (head === undefined || this.stream.destroyed || this.stream.closed || this.stream.headersSent) return
    this.waitsForTrailers = waitForTrailers && !endStream
    this.stream.respond(head, { endStream, waitForTrailers: this.waitsForTrailers })
  }

  private sendTrailers(trailers: readonly string[]): void {
    if (!this.stream.destroyed) this.stream.sendTrailers(http2Headers(undefined, trailers))
  }
}

/** RFC 9110 15.3.5, 15.3.6, 15.4.5. */
const withoutContent: ReadonlySet<number> = new Set([204, 205, 304])

/** What Node's stack found in DATA or trailers; it does not say which. */
const streamFault: Reject = { reason: 'bad_framing', fault: 'content-length or trailers contradict the stream' }

function flushReply(reply: Http2Reply): void {
  reply.flush()
}
