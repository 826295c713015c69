import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reject } from '../../domain/reject.ts'
import type { ByteSink, CallerBody } from '../exchange.ts'

/** A caller's body as `node:http` reads it. */
export class NodeHttp1Body implements CallerBody {
  readonly kind: CallerBody['kind']
  readonly bytes: number
  /** Bytes that came. */
  readBytes = 0
  private readonly request: IncomingMessage
  private readonly response: ServerResponse
  private readonly awaitsContinue: boolean
  private sink: ByteSink | undefined
  private fault: Reject | undefined
  private paused = false
  private over = false

  /** `awaitsContinue`: the caller sends nothing before it has seen a 100 (RFC 9110 10.1.1). */
  constructor(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean) {
    this.request = request
    this.response = response
    this.awaitsContinue = awaitsContinue
    // Node's parser has refused both framings together and differing lengths before this point.
    const chunked = request.headers['transfer-encoding'] !== undefined
    const length = request.headers['content-length']
    this.bytes = chunked || length === undefined ? 0 : Number(length)
    this.kind = chunked ? 'chunked' : this.bytes > 0 ? 'sized' : 'none'
  }

  /** The caller waits to be told to send it, and was not told. */
  get isWithheld(): boolean {
    return this.awaitsContinue && this.sink === undefined
  }

  /** The caller owes bytes and somebody waits for them. */
  get isAwaited(): boolean {
    return this.sink !== undefined && !this.paused && !this.over
  }

  start(sink: ByteSink): void {
    if (this.fault !== undefined) {
      sink.fail(this.fault)
      return
    }
    this.sink = sink
    if (this.awaitsContinue) this.response.writeContinue()
    this.request.on('data', (chunk: Buffer) => {
      this.readBytes += chunk.length
      sink.data(chunk)
    })
    this.request.on('end', () => {
      this.over = true
      sink.end(this.request.rawTrailers)
    })
    this.request.on('close', () => {
      if (!this.over) sink.fail()
    })
    this.request.on('error', () => undefined)
  }

  pause(): void {
    this.paused = true
    this.request.pause()
  }

  resume(): void {
    this.paused = false
    this.request.resume()
  }

  /** Tells whoever reads, now or when they begin. */
  break(fault: Reject): void {
    this.fault = fault
    this.over = true
    this.sink?.fail(fault)
  }
}
