import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Reject } from '../../domain/reject.ts'
import type { ByteSink, CallerBody } from '../exchange.ts'
import { closeLater } from './close-later.ts'
import type { Http2Request } from './http2-request.ts'
import { drainedBytesMax } from './listener-bounds.ts'

const nobody: ByteSink = { data: () => true, end: () => undefined, fail: () => undefined }

/** A caller's body as DATA frames bring it. Node has checked its length against `content-length` (RFC 9113 8.1.1). */
export class Http2Body implements CallerBody {
  readonly kind: CallerBody['kind']
  readonly bytes: number
  /** Bytes that came: what the time limits look at. */
  readBytes = 0
  readonly isGrpc: boolean
  private readonly stream: ServerHttp2Stream
  private readonly awaitsContinue: boolean
  private trailers: readonly string[] | undefined
  private sink: ByteSink | undefined
  private drainedBytes = 0
  private paused = false
  private isLate = false
  private over: boolean

  constructor(stream: ServerHttp2Stream, request: Http2Request, isEmpty: boolean) {
    this.stream = stream
    this.awaitsContinue = request.awaitsContinue && !isEmpty
    this.over = isEmpty
    this.isGrpc = request.isGrpc
    // What is no length is refused by `readRequest` before anybody looks at this.
    this.bytes = request.contentLength === undefined ? 0 : Number(request.contentLength)
    this.kind = isEmpty || request.contentLength === '0' ? 'none' : this.bytes > 0 ? 'sized' : 'chunked'
  }

  /** One of its own frames is being looked at. */
  isReading = false

  /** We did not want the rest of it: the caller is not to blame for the reset. */
  isCutOff = false

  /** The caller owes bytes and somebody waits for them. */
  get isAwaited(): boolean {
    return this.sink !== undefined && !this.paused && !this.over
  }

  /** All of it has come, or nothing more will. */
  get isOver(): boolean {
    return this.over
  }

  start(sink: ByteSink): void {
    const { stream } = this
    if (stream.destroyed || stream.aborted) {
      sink.fail()
      return
    }
    this.sink = sink
    if (this.awaitsContinue && !stream.headersSent) stream.additionalHeaders({ ':status': 100 })
    this.listen()
  }

  private listen(): void {
    const { stream } = this
    stream.on('trailers', (_headers, _flags, rawTrailers?: string[]) => {
      this.trailers = rawTrailers
    })
    stream.on('end', () => this.end())
    stream.on('data', (chunk: Buffer) => this.data(chunk))
  }

  pause(): void {
    this.paused = true
    this.stream.pause()
  }

  resume(): void {
    this.paused = false
    this.stream.resume()
  }

  /** The stream ended before its body did. */
  broke(reject: Reject | undefined): void {
    if (this.over) return
    this.over = true
    this.sink?.fail(reject)
  }

  /** Its time is up: whoever reads is told, and answers; the rest is not waited for. */
  late(reject: Reject): void {
    this.isLate = true
    this.sink?.fail(reject)
  }

  /** An answer came before the whole body: the rest is nobody's, and may be endless (RFC 9113 8.1). */
  letGo(): void {
    if (this.over) return
    const { stream } = this
    const started = this.sink !== undefined
    this.sink = nobody
    // A caller told to wait for 100 sends nothing now.
    if (this.isLate || this.bytes > drainedBytesMax || (this.awaitsContinue && !started)) {
      this.cutOff()
      return
    }
    this.drainedBytes = 0
    if (!started) this.listen()
    this.paused = false
    stream.resume()
  }

  private cutOff(): void {
    this.over = true
    this.isCutOff = true
    closeLater(this.stream, constants.NGHTTP2_NO_ERROR)
  }

  private data(chunk: Buffer): void {
    this.readBytes += chunk.length
    this.drainedBytes += chunk.length
    this.isReading = true
    if (this.sink !== nobody) this.sink?.data(chunk)
    else if (this.drainedBytes > drainedBytesMax) this.cutOff()
    this.isReading = false
  }

  private end(): void {
    // Node ends the readable side of a stream that was reset, too.
    if (this.over || this.stream.aborted) return
    this.over = true
    this.sink?.end(this.trailers)
  }
}
