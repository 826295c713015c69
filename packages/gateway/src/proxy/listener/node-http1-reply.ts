import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reject } from '../../domain/reject.ts'
import type { Reply } from '../exchange.ts'
import { listHas } from '../framing/list-has.ts'
import { type CallerPace, type PaceWatch, startWatch } from './caller-pace.ts'
import { isEventStream } from './event-stream.ts'
import { drainedBytesMax } from './listener-bounds.ts'
import type { NodeHttp1Body } from './node-http1-body.ts'

/** What an answer asks of the connection it goes out on. */
export interface ReplyConnection {
  /** The gateway is going: every answer is the last of its connection. */
  readonly isDraining: boolean
  /** Nothing that came behind this request is answered, so nothing of it may be carried out (RFC 9112 9.6). */
  markLast(): void
  /** The body that was not wanted has been read to its end after all. */
  bodyEnded(): void
}

/**
 * An answer as `node:http` writes it. Holds the first piece of a body back until the end of the tick, so that head and
 * small body leave in one write (hot-path rule 4).
 */
export class NodeHttp1Reply implements Reply, CallerPace {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: NodeHttp1Body
  readonly watch: PaceWatch = startWatch()
  /** An event stream. */
  isLong = false
  private readonly connection: ReplyConnection
  private first: Buffer | undefined
  private flowing = false
  private flushing = false
  private isGone = false
  private gone: ((reject?: Reject) => void) | undefined
  /** Why we let the caller go. */
  private reject: Reject | undefined

  constructor(request: IncomingMessage, response: ServerResponse, body: NodeHttp1Body, connection: ReplyConnection) {
    this.request = request
    this.response = response
    this.body = body
    this.connection = connection
  }

  get waitingBytes(): number {
    return this.request.socket.writableLength
  }

  get takenBytes(): number {
    const { bytesWritten, writableLength } = this.request.socket
    return bytesWritten - writableLength
  }

  /** The caller's time is up: a body that is late is refused while that can be said, else the connection ends. */
  tooSlow(side: 'body' | 'answer', reject: Reject): void {
    if (side === 'body') {
      this.closeAfter()
      this.body.break(reject)
      return
    }
    this.reject = reject
    this.request.socket.destroy()
  }

  /** Node does not say when it has let go of one. */
  readonly holdsPieces = true

  head(status: number, rawHeaders: string[], bodyBytes: number | undefined): void {
    // Without chunks only the end of the connection ends a body of unknown length.
    const endsByClose = bodyBytes === undefined && !this.response.useChunkedEncodingByDefault
    if (endsByClose || this.connection.isDraining) this.closeAfter()
    if (bodyBytes !== undefined) rawHeaders.push('Content-Length', String(bodyBytes))
    this.isLong = isEventStream(rawHeaders)
    this.response.writeHead(status, rawHeaders)
    // An event stream may send nothing for long: its head does not wait for its first piece.
    if (bodyBytes === undefined) this.flushSoon()
  }

  data(chunk: Buffer): boolean {
    if (this.flowing) return this.response.write(chunk)
    if (this.first !== undefined) {
      this.flush()
      return this.response.write(chunk)
    }
    this.first = chunk
    this.flushSoon()
    return true
  }

  flush(): void {
    this.flushing = false
    const { first, response } = this
    if (first === undefined) {
      if (!this.flowing && !response.destroyed && !response.writableEnded) response.flushHeaders()
      return
    }
    this.first = undefined
    this.flowing = true
    if (!response.destroyed) response.write(first)
  }

  private flushSoon(): void {
    if (this.flushing) return
    this.flushing = true
    process.nextTick(flushReply, this)
  }

  end(trailers?: readonly string[]): void {
    if (trailers !== undefined && takesTrailers(this.request)) this.response.addTrailers(inPairs(trailers))
    const first = this.first
    this.first = undefined
    this.flowing = true
    if (first === undefined) this.response.end()
    else this.response.end(first)
    this.readAway()
  }

  send(status: number, rawHeaders: string[], body: string, close: boolean): void {
    const { request, response } = this
    if (close || this.connection.isDraining || this.hasLargeUnreadBody()) this.closeAfter()
    rawHeaders.push('Content-Length', String(Buffer.byteLength(body)))
    response.writeHead(status, rawHeaders)
    response.end(request.method === 'HEAD' ? '' : body)
    this.readAway()
  }

  abort(): void {
    this.response.destroy()
  }

  onDrain(listener: () => void): void {
    this.response.on('drain', listener)
  }

  onGone(listener: (reject?: Reject) => void): void {
    if (this.isGone) listener(this.reject)
    else this.gone = listener
  }

  /** The answer has left, or nobody is there to take it. */
  closed(): void {
    if (this.response.writableFinished) return
    this.isGone = true
    this.gone?.(this.reject)
  }

  /** This answer is the last of its connection. */
  closeAfter(): void {
    this.response.shouldKeepAlive = false
    this.connection.markLast()
  }

  /** The answer does not wait for the body: what is left of it is nobody's, may be endless, and is read within bounds. */
  private readAway(): void {
    const { request } = this
    if (request.complete) return
    let bytes = 0
    request.on('end', () => this.connection.bodyEnded())
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > drainedBytesMax) request.pause()
    })
    request.resume()
  }

  private hasLargeUnreadBody(): boolean {
    if (this.request.complete) return false
    const { headers } = this.request
    return (
      headers['transfer-encoding'] !== undefined ||
      Number(headers['content-length'] ?? 0) > drainedBytesMax ||
      this.body.isWithheld
    )
  }
}

/**
 * Whether the caller said that it does not throw trailers away (RFC 9110 6.5.1, 10.1.4): others never get any, as some
 * take a trailer section for a fault.
 */
function takesTrailers({ headers, httpVersion }: IncomingMessage): boolean {
  return httpVersion === '1.1' && listHas(String(headers.te ?? ''), 'trailers')
}

function inPairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : []))
}

function flushReply(reply: NodeHttp1Reply): void {
  reply.flush()
}
