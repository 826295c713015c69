import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import type { Carrier, CarrierUser } from './carrier.ts'
import { readH2Response, toH2Trailers } from './h2-head.ts'
import { interimMax } from './response-parser.ts'

/** What a stream asks of the session it is on. */
export interface StreamSession {
  /** Requests begun. */
  readonly uses: number
  readonly isGone: boolean
  /** Why it is gone: a code. */
  readonly fault: string
  /** Begins the request of a stream; undefined: the session takes none any more. */
  begin(head: string, endStream: boolean, waitForTrailers: boolean): ClientHttp2Stream | undefined
  /** The stream is over. */
  release(stream: H2Stream): void
  /** Something came; the time. */
  heard(): number
  /** RFC 9113 6.8 and 8.7: the server said that it has not looked at this request. */
  hasNotSeen(id: number | undefined, resetCode: number): boolean
}

const noTrailers: readonly string[] = []

/** One request on a session: its place is taken from the moment this is made until it is over. */
export class H2Stream implements Carrier {
  deadlineMs: number = Number.POSITIVE_INFINITY
  readMs = 0
  answered = false
  /** nghttp2 does not say when a piece has left. */
  readonly holdsPieces = true

  private readonly session: StreamSession
  private stream: ClientHttp2Stream | undefined
  private user: CarrierUser | undefined
  private isHead = false
  private bodyLeft: number | 'chunked' = 0
  private requestTrailers = ''
  private headRead = false
  private isBodiless = false
  private contentLength: number | undefined
  private contentBytes = 0
  private interims = 0
  private trailers: readonly string[] = noTrailers

  constructor(session: StreamSession) {
    this.session = session
  }

  get uses(): number {
    return this.session.uses
  }

  get id(): number | undefined {
    return this.stream?.id
  }

  send(user: CarrierUser, head: string, isHead: boolean, bodyBytes: number | 'chunked'): void {
    this.user = user
    this.isHead = isHead
    this.bodyLeft = bodyBytes
    const stream = this.session.begin(head, bodyBytes === 0, bodyBytes === 'chunked')
    if (stream === undefined) {
      // Its user is still busy sending.
      process.nextTick(failUnsent, this)
      return
    }
    this.stream = stream
    stream.on('headers', () => this.interim())
    stream.on('continue', () => this.interim())
    // Node hands the list as received on as a third argument, which its types leave out.
    stream.on('response', (_headers: IncomingHttpHeaders, flags: number, raw?: unknown) =>
      this.response(flags, raw as readonly string[]),
    )
    stream.on('data', (chunk: Buffer) => this.data(chunk))
    stream.on('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw?: unknown) => {
      this.trailers = raw as readonly string[]
    })
    stream.on('end', () => {
      // A reset and a lost connection end the readable side too. RFC 9113 8.1: a reset with NO_ERROR follows a whole
      // answer, so that one is taken for its end.
      if (!this.session.isGone && (!stream.closed || stream.rstCode === constants.NGHTTP2_NO_ERROR)) this.whole()
    })
    stream.on('drain', () => this.user?.requestDrained())
    stream.on('wantTrailers', () => stream.sendTrailers(toH2Trailers(this.requestTrailers)))
    stream.on('error', () => undefined)
    stream.on('close', () => this.closed(stream.rstCode ?? constants.NGHTTP2_INTERNAL_ERROR))
  }

  write(chunk: Buffer): boolean {
    const { stream } = this
    if (stream === undefined || chunk.length === 0) return true
    if (this.bodyLeft === 'chunked') return stream.write(chunk)
    if (chunk.length > this.bodyLeft) throw new Error('a request body outgrew its Content-Length')
    this.bodyLeft -= chunk.length
    if (this.bodyLeft > 0) return stream.write(chunk)
    stream.end(chunk)
    return true
  }

  endBody(trailers: string): void {
    if (this.bodyLeft !== 'chunked') {
      if (this.bodyLeft > 0) throw new Error('a request body fell short of its Content-Length')
      return
    }
    this.requestTrailers = trailers
    this.stream?.end()
  }

  pause(): void {
    this.stream?.pause()
  }

  resume(): void {
    this.stream?.resume()
  }

  destroy(): void {
    this.leave(constants.NGHTTP2_CANCEL)
  }

  expire(): void {
    this.user?.deadlinePassed()
  }

  /** The session could not begin it, or is gone. */
  fail(kind: 'closed' | 'invalid' | 'unprocessed', fault: string): void {
    const { user } = this
    this.leave(kind === 'invalid' ? constants.NGHTTP2_PROTOCOL_ERROR : constants.NGHTTP2_CANCEL)
    user?.connectionFailed(kind, fault)
  }

  private interim(): void {
    this.heard()
    if (++this.interims > interimMax) this.fail('invalid', 'too_many_interim')
  }

  private response(flags: number, rawHeaders: readonly string[]): void {
    const { user } = this
    if (user === undefined) return
    this.heard()
    const head = readH2Response(rawHeaders)
    if (typeof head === 'string') {
      this.fail('invalid', head)
      return
    }
    this.headRead = true
    this.isBodiless = this.isHead || head.status === 204 || head.status === 304
    this.contentLength = this.isBodiless ? undefined : head.contentLength
    user.answerHead(head)
    // At once, so that an answer without content can leave as one frame: gRPC knows a refused call by that.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) this.whole()
  }

  private data(chunk: Buffer): void {
    const { user } = this
    if (user === undefined) return
    this.heard()
    if (this.isBodiless) {
      this.fail('invalid', 'body_not_allowed')
      return
    }
    this.contentBytes += chunk.length
    user.answerData(chunk)
  }

  private whole(): void {
    const { user, trailers } = this
    if (user === undefined) return
    if (!this.headRead || (this.contentLength ?? this.contentBytes) !== this.contentBytes) {
      this.fail('invalid', this.headRead ? 'content_length' : 'truncated')
      return
    }
    this.heard()
    // An answer that came early: the rest of the request is nobody's (RFC 9113 8.1).
    this.leave(constants.NGHTTP2_NO_ERROR)
    user.answerEnd(trailers)
  }

  /** What came is not all, or the request was not looked at. */
  private closed(code: number): void {
    if (this.user === undefined) return
    if (!this.answered && this.session.hasNotSeen(this.stream?.id, code)) this.fail('unprocessed', 'refused_stream')
    else if (this.session.isGone) this.fail('closed', this.session.fault)
    else this.fail('invalid', `reset_${resetName(code)}`)
  }

  private heard(): void {
    this.answered = true
    this.readMs = this.session.heard()
  }

  private leave(code: number): void {
    if (this.user === undefined) return
    this.user = undefined
    this.session.release(this)
    const { stream } = this
    if (stream === undefined || stream.closed || stream.destroyed) return
    if (stream.writableEnded && code === constants.NGHTTP2_NO_ERROR) return
    stream.close(code === constants.NGHTTP2_NO_ERROR ? constants.NGHTTP2_CANCEL : code)
    stream.resume()
  }
}

function failUnsent(stream: H2Stream): void {
  stream.fail('unprocessed', 'session_closed')
}

const resetNames: ReadonlyMap<number, string> = new Map([
  [constants.NGHTTP2_NO_ERROR, 'no_error'],
  [constants.NGHTTP2_PROTOCOL_ERROR, 'protocol_error'],
  [constants.NGHTTP2_INTERNAL_ERROR, 'internal_error'],
  [constants.NGHTTP2_FLOW_CONTROL_ERROR, 'flow_control_error'],
  [constants.NGHTTP2_STREAM_CLOSED, 'stream_closed'],
  [constants.NGHTTP2_FRAME_SIZE_ERROR, 'frame_size_error'],
  [constants.NGHTTP2_REFUSED_STREAM, 'refused_stream'],
  [constants.NGHTTP2_CANCEL, 'cancel'],
  [constants.NGHTTP2_COMPRESSION_ERROR, 'compression_error'],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, 'enhance_your_calm'],
  [constants.NGHTTP2_INADEQUATE_SECURITY, 'inadequate_security'],
  [constants.NGHTTP2_HTTP_1_1_REQUIRED, 'http_1_1_required'],
])

/** RFC 9113 7. */
function resetName(code: number): string {
  return resetNames.get(code) ?? 'unknown'
}
