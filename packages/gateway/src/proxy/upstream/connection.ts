import type { Socket } from 'node:net'
import type { TunnelEnd, TunnelUser } from '../exchange.ts'
import { PieceCopier } from '../framing/piece-copier.ts'
import { PieceMemory } from '../framing/piece-memory.ts'
import type { Carrier, CarrierUser } from './carrier.ts'
import { ResponseParser } from './response-parser.ts'

/** Where connections live. */
export interface ConnectionHome {
  readonly nowMs: () => number
  /** The connection may serve the next request. */
  released(connection: UpstreamConnection): void
  /** The connection is gone for good; called once. */
  lost(connection: UpstreamConnection): void
  /** A byte arrived that no request asked for. */
  sawSurplus(): void
}

/** A head and a first piece up to this size leave in one write. */
const joinedBytesMax = 16 * 1024

/**
 * One kept-alive connection to an upstream: writes a request, reads its answer, and goes back to its pool only when
 * both were whole and nobody asked for close (S14); otherwise it is destroyed. It holds what a request needs, so that
 * a request brings no closures, timers or listeners of its own.
 */
export class UpstreamConnection implements Carrier, TunnelEnd {
  /** Requests begun on this connection. */
  uses = 0
  /** When the current state has lasted too long: idle time or the user's own deadline. */
  deadlineMs: number = Number.POSITIVE_INFINITY
  /** When the current request's answer was last heard of. */
  readMs = 0
  /** A byte of the current request's answer has come. */
  answered = false
  /** The idle time of RFC 2068's Keep-Alive hint, in seconds. */
  keepAliveSeconds: number | undefined
  destroyed = false

  private readonly socket: Socket
  private readonly home: ConnectionHome
  private readonly parser = new ResponseParser()
  private user: CarrierUser | undefined
  private readonly pieces = new PieceCopier(memory)
  /** After a 101 the connection is a tunnel's, until it closes. */
  private tunnel: TunnelUser | undefined
  private head = ''
  private bodyChunked = false
  private bodyLeft = 0
  private requestDone = true
  private errorCode = 'closed'

  constructor(socket: Socket, home: ConnectionHome) {
    this.socket = socket
    this.home = home
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code ?? 'failed'
    })
    socket.on('end', () => this.ended())
    socket.on('close', () => this.fail('closed', this.errorCode))
    socket.on('drain', () => (this.tunnel === undefined ? this.user?.requestDrained() : this.tunnel.drained()))
  }

  /** The head leaves with the first piece of the body, or alone before the event loop turns. */
  send(user: CarrierUser, head: string, isHead: boolean, bodyBytes: number | 'chunked'): void {
    this.user = user
    this.uses++
    this.answered = false
    this.keepAliveSeconds = undefined
    this.parser.begin(isHead, user.awaitsUpgrade)
    this.bodyChunked = bodyBytes === 'chunked'
    this.bodyLeft = bodyBytes === 'chunked' ? 0 : bodyBytes
    this.requestDone = bodyBytes === 0
    if (this.requestDone) {
      this.socket.write(head, 'latin1')
      return
    }
    this.head = head
    setImmediate(flushHead, this)
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true
    if (this.tunnel !== undefined) return this.socket.write(chunk)
    if (this.bodyChunked) return this.writeChunk(chunk)
    if (chunk.length > this.bodyLeft) throw new Error('a request body outgrew its Content-Length')
    this.bodyLeft -= chunk.length
    if (this.bodyLeft === 0) this.requestDone = true
    return this.writeJoined(chunk)
  }

  get holdsPieces(): boolean {
    return this.head !== '' || this.socket.writableLength > 0
  }

  endBody(trailers: string): void {
    if (!this.bodyChunked) {
      if (this.bodyLeft > 0) throw new Error('a request body fell short of its Content-Length')
      return
    }
    this.socket.write(`${this.takeHead()}0\r\n${trailers}\r\n`, 'latin1')
    this.requestDone = true
  }

  flushHead(): void {
    if (this.head !== '' && !this.destroyed) this.socket.write(this.takeHead(), 'latin1')
  }

  /** As a tunnel's end. */
  end(): void {
    this.socket.end()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.user = undefined
    this.tunnel = undefined
    this.head = ''
    this.socket.destroy()
    this.home.lost(this)
  }

  /** Destroys the connection and tells its user. */
  shut(): void {
    this.fail('closed', 'shutting down')
  }

  /** The sweep found `deadlineMs` passed. */
  expire(): void {
    if (this.user === undefined) this.destroy()
    else this.user.deadlinePassed()
  }

  /** What the socket read; `buffer` is overwritten by the next read of any connection. */
  readBytes(bytes: number, buffer: Uint8Array): void {
    if (this.tunnel !== undefined) {
      this.tunnel.data(copyOf(buffer, 0, bytes))
      return
    }
    const user = this.user
    if (user === undefined) {
      if (!this.destroyed) this.home.sawSurplus()
      this.destroy()
      return
    }
    this.answered = true
    this.readMs = this.home.nowMs()
    const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes)
    const state = this.parser.push(chunk)
    if (state === 'faulted') this.fail('invalid', this.parser.fault)
    else if (state === 'upgraded') this.upgrade(user, buffer, bytes)
    else this.handOver(user, chunk, state === 'ended')
  }

  /** The upstream closed its side. */
  private ended(): void {
    if (this.tunnel !== undefined) {
      this.tunnel.ended()
      return
    }
    const user = this.user
    if (user === undefined || !this.answered) {
      this.fail('closed', 'closed')
      return
    }
    this.readMs = this.home.nowMs()
    if (this.parser.finish() === 'faulted') this.fail('invalid', this.parser.fault)
    else this.handOver(user, emptyChunk, true)
  }

  /**
   * One read is judged whole before any of it is handed on, and handed on within one tick. The user is told of the
   * end last, when the connection is already free for the request that may follow.
   */
  private handOver(user: CarrierUser, chunk: Buffer, isEnd: boolean): void {
    const { parser } = this
    const body = parser.ranges.length === 0 ? undefined : this.pieces.copy(chunk, parser.ranges)
    if (parser.headEnded) user.answerHead(parser.head)
    if (body !== undefined && this.user === user) this.pieces.settle(body, user.answerData(body))
    if (!isEnd || this.user !== user) return
    // Whoever takes the connection next begins by forgetting them.
    const { trailers } = parser
    this.settle()
    user.answerEnd(trailers)
  }

  /** HTTP is over on this connection; it goes back to no pool. */
  private upgrade(user: CarrierUser, buffer: Uint8Array, bytes: number): void {
    const { parser } = this
    this.tunnel = user.upgraded(parser.head, this)
    if (this.tunnel === undefined) return
    this.user = undefined
    this.deadlineMs = Number.POSITIVE_INFINITY
    // The end of one direction is not the end of the other.
    this.socket.allowHalfOpen = true
    if (parser.upgradedAt < bytes) this.tunnel.data(copyOf(buffer, parser.upgradedAt, bytes))
  }

  private settle(): void {
    const { parser } = this
    if (parser.surplusBytes > 0) this.home.sawSurplus()
    const reusable =
      parser.surplusBytes === 0 &&
      parser.head.persistent &&
      this.requestDone &&
      this.socket.writableLength === 0 &&
      this.socket.writable
    if (!reusable) {
      this.destroy()
      return
    }
    this.user = undefined
    this.keepAliveSeconds = parser.head.keepAliveSeconds
    if (this.socket.isPaused()) this.socket.resume()
    this.home.released(this)
  }

  private fail(kind: 'closed' | 'invalid', fault: string): void {
    const { user, tunnel } = this
    this.destroy()
    tunnel?.gone()
    user?.connectionFailed(kind, fault)
  }

  private writeJoined(chunk: Buffer): boolean {
    if (this.head === '') return this.socket.write(chunk)
    const head = this.takeHead()
    if (head.length + chunk.length <= joinedBytesMax) {
      const joined = Buffer.allocUnsafe(head.length + chunk.length)
      joined.write(head, 'latin1')
      chunk.copy(joined, head.length)
      return this.socket.write(joined)
    }
    this.socket.cork()
    this.socket.write(head, 'latin1')
    const drained = this.socket.write(chunk)
    this.socket.uncork()
    return drained
  }

  private writeChunk(chunk: Buffer): boolean {
    this.socket.cork()
    this.socket.write(`${this.takeHead()}${chunk.length.toString(16)}\r\n`, 'latin1')
    this.socket.write(chunk)
    const drained = this.socket.write('\r\n', 'latin1')
    this.socket.uncork()
    return drained
  }

  private takeHead(): string {
    const head = this.head
    this.head = ''
    return head
  }
}

const emptyChunk = Buffer.alloc(0)
/** One for all connections. */
const memory = new PieceMemory()

function flushHead(connection: UpstreamConnection): void {
  connection.flushHead()
}

/** Part of the shared read buffer, in memory of its own. */
function copyOf(buffer: Uint8Array, from: number, to: number): Buffer {
  return Buffer.from(buffer.subarray(from, to))
}
