import type { Reject } from '../../domain/reject.ts'
import type { ByteSink, CallerBody } from '../exchange.ts'
import type { Http1Head } from './http1-head.ts'
import { drainedBytesMax } from './listener-bounds.ts'

/** What a body asks of the connection it comes by. */
export interface Http1BodySource {
  /** Answers 100 (RFC 9110 15.2.1). */
  sayContinue(): void
  /** Bytes are wanted: those at hand too. */
  flow(): void
  /** None are wanted for now. */
  stop(): void
}

const nobody: ByteSink = { data: () => true, end: () => undefined, fail: () => undefined }

/** A caller's body: nothing of it is read before somebody wants it. */
export class Http1Body implements CallerBody {
  readonly kind: CallerBody['kind']
  readonly bytes: number
  /** Bytes that came: what the time limits look at. */
  readBytes = 0
  private readonly source: Http1BodySource
  private readonly awaitsContinue: boolean
  private sink: ByteSink | undefined
  private isBroken = false
  private fault: Reject | undefined
  private drainedBytes = 0
  private paused = false
  private over: boolean

  constructor(head: Http1Head, source: Http1BodySource) {
    this.source = source
    this.kind = head.body === 'chunked' ? 'chunked' : head.body > 0 ? 'sized' : 'none'
    this.bytes = head.body === 'chunked' ? 0 : head.body
    this.over = this.kind === 'none'
    this.awaitsContinue = head.awaitsContinue && !this.over
  }

  /** Somebody takes what comes. */
  get isFlowing(): boolean {
    return this.sink !== undefined && !this.paused
  }

  /** The caller owes bytes and somebody waits for them. */
  get isAwaited(): boolean {
    return this.isFlowing && !this.over && this.sink !== nobody
  }

  /** All of it has come, or nothing more will. */
  get isOver(): boolean {
    return this.over
  }

  /** Too much, or of unknown size, or held back by its sender: not worth reading for the connection's sake. */
  get isCostly(): boolean {
    if (this.over) return false
    return this.kind === 'chunked' || this.bytes > drainedBytesMax || this.isWithheld
  }

  /** The caller waits to be told to send it, and was not told. */
  get isWithheld(): boolean {
    return this.awaitsContinue && this.sink === undefined
  }

  start(sink: ByteSink): void {
    if (this.isBroken) {
      sink.fail(this.fault)
      return
    }
    this.sink = sink
    if (this.over) {
      sink.end()
      return
    }
    if (this.awaitsContinue) this.source.sayContinue()
    this.source.flow()
  }

  pause(): void {
    if (this.over) return
    this.paused = true
    this.source.stop()
  }

  resume(): void {
    if (this.over) return
    this.paused = false
    this.source.flow()
  }

  /** An answer came before the whole body: the rest is nobody's, may be endless, and is read within bounds. */
  letGo(): void {
    if (this.over) return
    this.sink = nobody
    this.paused = false
    this.source.flow()
  }

  /** Tells whoever reads, now or when they begin: what comes is no body, or not in time. */
  break(fault: Reject | undefined): void {
    if (this.over) return
    this.isBroken = true
    this.fault = fault
    this.over = true
    this.sink?.fail(fault)
  }

  /** Content, in memory of its own. True: it has left, and its memory may be used again. */
  data(chunk: Buffer): boolean {
    this.readBytes += chunk.length
    if (this.sink !== nobody) return this.sink?.data(chunk) ?? true
    this.drainedBytes += chunk.length
    if (this.drainedBytes > drainedBytesMax) this.pause()
    return true
  }

  end(trailers: readonly string[]): void {
    this.over = true
    this.sink?.end(trailers)
  }
}
