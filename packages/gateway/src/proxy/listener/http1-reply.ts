import { STATUS_CODES } from 'node:http'
import type { Reject } from '../../domain/reject.ts'
import type { Reply } from '../exchange.ts'
import { headerLines } from '../head/header-lines.ts'
import { headerLine } from '../head/header-value.ts'
import { type CallerPace, type PaceWatch, startWatch } from './caller-pace.ts'
import { isEventStream } from './event-stream.ts'
import type { Http1Body } from './http1-body.ts'
import type { Http1Head } from './http1-head.ts'
import type { Http1Output } from './http1-output.ts'

/** What an answer asks of the connection it goes out on. */
export interface Http1ReplyConnection {
  /** The gateway is going: every answer is the last of its connection. */
  readonly isDraining: boolean
  /** No request follows on the connection. */
  readonly isLast: boolean
  /** The line every answer has: its time. */
  readonly dateLine: string
  /** The lines of an answer whose connection is kept. */
  readonly keepAliveLines: string
  markLast(): void
  /** All of the answer is written. */
  answered(): void
  destroy(): void
  /** Destroys it so that the caller sees that it did not end well. */
  reset(): void
}

/**
 * An answer as HTTP/1 has it (RFC 9112). Head and small body leave in one write (hot-path rule 4): the first piece of a
 * body of unknown length waits for the end of the tick.
 */
export class Http1Reply implements Reply, CallerPace {
  readonly body: Http1Body
  readonly watch: PaceWatch = startWatch()
  /** An event stream. */
  isLong = false
  /** The answer is whole, as far as we are concerned. */
  isEnded = false
  private readonly request: Http1Head
  private readonly connection: Http1ReplyConnection
  private readonly output: Http1Output
  /** What is to leave with the first piece. */
  private waitingHead = ''
  private first: Buffer | undefined
  private isChunked = false
  private endsByClose = false
  private isFlushing = false
  private isGone = false
  private gone: ((reject?: Reject) => void) | undefined
  private drain: (() => void) | undefined
  /** Why we let the caller go. */
  private reject: Reject | undefined

  constructor(request: Http1Head, body: Http1Body, connection: Http1ReplyConnection, output: Http1Output) {
    this.request = request
    this.body = body
    this.connection = connection
    this.output = output
  }

  get waitingBytes(): number {
    return this.output.waitingBytes
  }

  get takenBytes(): number {
    return this.output.takenBytes
  }

  get holdsPieces(): boolean {
    return this.first !== undefined || this.output.waitingBytes > 0
  }

  head(status: number, rawHeaders: string[], bodyBytes: number | undefined): void {
    const { connection, request } = this
    this.refuseSecond()
    const isBodiless = request.method === 'HEAD' || status === 204 || status === 304
    const isUnknown = bodyBytes === undefined && !isBodiless
    // RFC 9112 7: HTTP/1.0 knows no chunks, whatever its `TE` says. Only the end of the connection ends such a body.
    this.isChunked = isUnknown && request.httpVersion === '1.1'
    this.endsByClose = isUnknown && !this.isChunked
    if (this.endsByClose || this.body.isWithheld || connection.isDraining) connection.markLast()
    this.isLong = isEventStream(rawHeaders)
    let framing = ''
    if (this.isChunked) framing = 'Transfer-Encoding: chunked\r\n'
    else if (bodyBytes !== undefined) framing = `Content-Length: ${bodyBytes}\r\n`
    this.waitingHead = this.headText(status, rawHeaders, framing)
    // An event stream may send nothing for long: its head does not wait for its first piece.
    if (bodyBytes === undefined) this.flushSoon()
  }

  data(chunk: Buffer): boolean {
    this.refuseSecond()
    // An empty chunk would be the last one.
    if (chunk.length === 0) return true
    if (!this.isChunked) return this.writeJoined(chunk)
    if (this.waitingHead !== '' && this.first === undefined) {
      this.first = chunk
      this.flushSoon()
      return true
    }
    if (this.first !== undefined) this.flush()
    return this.writeChunk(chunk, '\r\n')
  }

  end(trailers?: readonly string[]): void {
    const { output, first } = this
    if (this.isEnded) return
    this.isEnded = true
    if (this.isChunked) {
      const last = `0\r\n${this.trailerLines(trailers)}\r\n`
      this.first = undefined
      if (first === undefined) output.write(`${this.takeHead()}${last}`)
      else this.writeChunk(first, `\r\n${last}`)
    } else if (this.waitingHead !== '') output.write(this.takeHead())
    this.settle()
  }

  send(status: number, rawHeaders: string[], body: string, close: boolean): void {
    const { connection, output, request } = this
    this.refuseSecond()
    if (close || connection.isDraining || this.body.isCostly) connection.markLast()
    this.isEnded = true
    const bytes = Buffer.byteLength(body)
    const head = this.headText(status, rawHeaders, `Content-Length: ${bytes}\r\n`)
    if (request.method === 'HEAD') output.write(head)
    // What has as many bytes as characters is ASCII: the same bytes in either encoding.
    else if (bytes === body.length) output.write(head + body)
    else output.writeAll([head, Buffer.from(body)])
    this.settle()
  }

  abort(): void {
    if (this.isEnded) return
    // Where the end of the connection ends the body, a plain end would make it whole.
    if (this.endsByClose) this.connection.reset()
    else this.connection.destroy()
  }

  onDrain(listener: () => void): void {
    this.drain = listener
  }

  drained(): void {
    this.drain?.()
  }

  onGone(listener: (reject?: Reject) => void): void {
    if (this.isGone) listener(this.reject)
    else this.gone = listener
  }

  /** Nobody is there to take the rest. */
  lost(): void {
    this.isGone = true
    this.gone?.(this.reject)
  }

  /** The caller's time is up: a body that is late is refused while that can be said, else the connection ends. */
  tooSlow(side: 'body' | 'answer', reject: Reject): void {
    if (side === 'body') {
      this.connection.markLast()
      this.body.break(reject)
      return
    }
    this.reject = reject
    this.connection.destroy()
  }

  flush(): void {
    this.isFlushing = false
    if (this.isEnded) return
    const { first } = this
    this.first = undefined
    if (first !== undefined) this.writeChunk(first, '\r\n')
    else if (this.waitingHead !== '') this.output.write(this.takeHead())
  }

  /** The next request's answer would be taken for this one's rest. */
  private refuseSecond(): void {
    if (this.isEnded) throw new Error('a request was answered twice')
  }

  private settle(): void {
    this.body.letGo()
    this.connection.answered()
  }

  private flushSoon(): void {
    if (this.isFlushing) return
    this.isFlushing = true
    process.nextTick(flushReply, this)
  }

  private headText(status: number, rawHeaders: readonly string[], framing: string): string {
    const { connection } = this
    let text = statusLine(status)
    let hasDate = false
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? ''
      if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true
      text += headerLine(name, rawHeaders[at + 1] ?? '')
    }
    if (!hasDate) text += connection.dateLine
    return `${text}${framing}${connection.isLast ? closeLine : connection.keepAliveLines}\r\n`
  }

  /** RFC 9110 6.5.1: to callers that said so; others may take a trailer section for a fault. */
  private trailerLines(trailers: readonly string[] | undefined): string {
    return trailers === undefined || !this.request.takesTrailers ? '' : headerLines(trailers)
  }

  private takeHead(): string {
    const head = this.waitingHead
    this.waitingHead = ''
    return head
  }

  private writeJoined(chunk: Buffer): boolean {
    const head = this.takeHead()
    if (head === '') return this.output.write(chunk)
    return this.output.writeAll([head, chunk])
  }

  private writeChunk(chunk: Buffer, behind: string): boolean {
    const before = `${this.takeHead()}${chunk.length.toString(16)}\r\n`
    return this.output.writeAll([before, chunk, behind])
  }
}

const closeLine = 'Connection: close\r\n'
const statusLines = new Map<number, string>()

function statusLine(status: number): string {
  let line = statusLines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    statusLines.set(status, line)
  }
  return line
}

function flushReply(reply: Http1Reply): void {
  reply.flush()
}
