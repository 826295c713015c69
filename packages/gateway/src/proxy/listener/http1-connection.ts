import type { Socket } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import type { Reject } from '../../domain/reject.ts'
import type { CallerTls, CallerUpgrade, TunnelUser } from '../exchange.ts'
import { contentOf } from '../framing/content-of.ts'
import { PieceCopier } from '../framing/piece-copier.ts'
import { PieceMemory } from '../framing/piece-memory.ts'
import { handshakeKey } from '../head/websocket-handshake.ts'
import { slowReject, slowSide } from './caller-pace.ts'
import type { ExchangeHandler, RawFault } from './exchange-handler.ts'
import { Http1Body, type Http1BodySource } from './http1-body.ts'
import type { Http1Head } from './http1-head.ts'
import { Http1Output } from './http1-output.ts'
import { Http1Parser } from './http1-parser.ts'
import { Http1Reply, type Http1ReplyConnection } from './http1-reply.ts'
import { drainedBytesMax, lingerMs } from './listener-bounds.ts'
import { openTunnel } from './listener-tunnel.ts'
import { shareReads } from './share-reads.ts'

/** What all HTTP/1 connections of a listener share. */
export interface Http1Share {
  readonly handler: ExchangeHandler
  /** Position in `gateway.listeners`. */
  readonly listener: number
  /** Monotonic, in milliseconds. */
  readonly nowMs: () => number
  isDraining: boolean
  /** Requests begun and not ended. */
  requests: number
  /** Every open connection. */
  readonly connections: Set<Http1Connection>
  /** Lines of answers; replaced when they change. */
  dateLine: string
  keepAliveLines: string
}

/** What came and was not carried out yet; beyond it nothing more is read. */
const pendingBytesMax = 64 * 1024
/** Requests of one read that are begun before others have their turn. */
const turnsMax = 16
const nothing: Buffer = Buffer.alloc(0)
/** One for all connections. */
const memory = new PieceMemory()

/**
 * One caller's connection. Requests sent without waiting are carried out one after the other, in order (RFC 9112
 * 9.3.2): the next one is not looked at before the answer to the one before has left. What follows the last one, or
 * bytes that are no request, is not carried out.
 */
export class Http1Connection implements Http1ReplyConnection, Http1BodySource {
  isLast = false
  private readonly socket: Socket
  private readonly share: Http1Share
  private readonly tls: CallerTls | undefined
  private readonly output: Http1Output
  /** Reads come in a buffer that the next one overwrites; undefined: each has memory of its own. */
  private readonly pieces: PieceCopier | undefined
  private readonly parser = new Http1Parser()
  /** The reply under way, or one whose request's body is still to come. */
  private reply: Http1Reply | undefined
  private readonly flushed = (error?: Error | null): void => {
    if (error === undefined || error === null) this.settle()
  }
  /** The answer has not left yet. */
  private isBusy = false
  private isReading = false
  private isStopped = false
  /** It becomes a WebSocket, or is one. */
  private isUpgrade = false
  private tunnel: TunnelUser | undefined
  /** Our side has ended: what comes is thrown away. */
  private isEnding = false
  private thrownBytes = 0
  private pending: Buffer = nothing
  /** Bytes of the read that is being worked off are left. */
  private hasMore = false
  private hasServed = false
  /** Since when it has been idle, or a head is on its way. */
  private sinceMs: number
  /** When it is destroyed; zero: not for now. */
  private lingerUntilMs = 0

  constructor(accepted: Socket, share: Http1Share, tls: CallerTls | undefined) {
    // What TLS has decrypted is in memory of its own anyway.
    const shared = tls === undefined ? shareReads(accepted, (chunk) => this.read(chunk)) : undefined
    this.pieces = shared === undefined ? undefined : new PieceCopier(memory)
    const socket = shared ?? accepted
    this.socket = socket
    this.output = new Http1Output(socket)
    this.share = share
    this.tls = tls
    this.sinceMs = share.nowMs()
    share.connections.add(this)
    if (shared === undefined) socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('end', () => this.callerEnded())
    socket.on('drain', () => this.reply?.drained())
    socket.on('error', () => undefined)
    socket.on('close', () => this.closed())
  }

  // --- the time limits

  /** Neither serving nor hearing a request. */
  get isIdle(): boolean {
    return !this.isBusy && this.tunnel === undefined && !this.parser.isInHead && this.lingerUntilMs === 0
  }

  sweep(limits: LimitsPlan, nowMs: number): void {
    const { reply } = this
    if (this.lingerUntilMs > 0) {
      if (nowMs >= this.lingerUntilMs) this.socket.destroy()
    } else if (this.tunnel !== undefined) {
      // A tunnel has limits of its own.
    } else if (this.isBusy && reply !== undefined) {
      const slow = slowSide(reply, limits, nowMs)
      if (slow !== undefined) reply.tooSlow(slow, slowReject(slow, limits))
    } else if (this.parser.isInHead) {
      if (nowMs - this.sinceMs >= limits.headTimeoutMs) this.refuse('headers_timeout')
    } else if (nowMs - this.sinceMs >= (this.hasServed ? limits.idleTimeoutMs : limits.headTimeoutMs)) {
      // Connected ahead of need, or kept for nothing: no answer is owed.
      this.socket.destroy()
    }
  }

  // --- the reply's side

  get isDraining(): boolean {
    return this.share.isDraining
  }

  get dateLine(): string {
    return this.share.dateLine
  }

  get keepAliveLines(): string {
    return this.share.keepAliveLines
  }

  markLast(): void {
    this.isLast = true
  }

  /** The next request waits until the caller took this answer: its answers do not pile up here. */
  answered(): void {
    if (this.socket.writableLength === 0) this.settle()
    else this.socket.write('', this.flushed)
  }

  destroy(): void {
    this.socket.destroy()
  }

  reset(): void {
    if (this.tls === undefined) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  // --- the body's side

  sayContinue(): void {
    this.output.write('HTTP/1.1 100 Continue\r\n\r\n')
  }

  flow(): void {
    this.goOn()
  }

  stop(): void {
    this.pauseSocket()
  }

  // --- the caller's side

  private read(chunk: Buffer): void {
    if (this.tunnel !== undefined) {
      this.tunnel.data(Buffer.from(chunk))
      return
    }
    // Behind a fault nothing can be read.
    if (this.isEnding || this.parser.fault !== undefined) {
      this.throwAway(chunk)
      return
    }
    const isJoined = this.pending.length > 0
    this.advance(isJoined ? Buffer.concat([this.pending, chunk]) : chunk, isJoined || this.pieces === undefined)
  }

  /** Goes on with what is at hand. */
  private goOn(): void {
    if (this.isEnding || this.socket.destroyed) return
    this.resumeSocket()
    if (this.isReading) return
    if (this.pending.length > 0) this.advance(this.pending, true)
  }

  /** `isOwn`: no other read overwrites the chunk. */
  private advance(chunk: Buffer, isOwn: boolean): void {
    const { parser } = this
    this.isReading = true
    this.pending = nothing
    let at = 0
    let turns = 0
    while (at < chunk.length && parser.fault === undefined && !this.isEnding && !this.socket.destroyed) {
      if (parser.isInBody) {
        if (this.reply?.body.isFlowing !== true) break
        at = parser.readBody(chunk, at)
        this.handOver(this.reply.body, chunk)
      } else if (this.isBusy || this.isLast) {
        break
      } else if (turns === turnsMax) {
        setImmediate(() => this.goOn())
        break
      } else {
        const wasInHead = parser.isInHead
        at = parser.readHead(chunk, at)
        if (parser.fault !== undefined) this.refuse(parser.fault)
        else if (parser.head !== undefined) {
          turns++
          this.hasMore = at < chunk.length
          this.begin(parser.head)
        } else if (!wasInHead) this.sinceMs = this.share.nowMs()
      }
    }
    this.isReading = false
    this.hasMore = false
    if (this.isEnding || parser.fault !== undefined || at === chunk.length) return
    const rest = chunk.subarray(at)
    // Once: a burst of requests would copy what is left of it for each of them.
    this.pending = isOwn ? rest : Buffer.from(rest)
    if (this.pending.length >= pendingBytesMax) this.pauseSocket()
  }

  private begin(request: Http1Head): void {
    const { share, socket } = this
    if (request.method === 'CONNECT') {
      this.refuse('connect')
      return
    }
    const body = new Http1Body(request, this)
    const reply = new Http1Reply(request, body, this, this.output)
    this.reply = reply
    this.isBusy = true
    this.hasServed = true
    share.requests += 1
    // A handshake's answer is the connection's last when it opens no tunnel: what the caller sends behind it may be
    // meant for the tunnel, and is never read as a request.
    this.isUpgrade =
      request.asksUpgrade && handshakeKey(request.method, request.httpVersion, request.rawHeaders) !== undefined
    if (request.isLast || this.isUpgrade) this.isLast = true
    if (this.isUpgrade) socket.allowHalfOpen = true
    share.handler.handle({
      method: request.method,
      target: request.target,
      rawHeaders: request.rawHeaders,
      httpVersion: request.httpVersion,
      peer: socket.remoteAddress ?? '',
      scheme: this.tls === undefined ? 'http' : 'https',
      listener: share.listener,
      tls: this.tls,
      receivedMs: Date.now(),
      body,
      reply,
      upgrade: this.isUpgrade ? this.upgrade() : undefined,
    })
  }

  private upgrade(): CallerUpgrade {
    return {
      open: (rawHeaders, user) => {
        const { socket, pending } = this
        this.tunnel = user
        // Or what is put back below would wait for what comes next.
        socket.pause()
        this.pending = nothing
        for (const event of ['data', 'end', 'drain']) socket.removeAllListeners(event)
        return openTunnel(socket, rawHeaders, pending, user)
      },
    }
  }

  /** Content of one read, and what it says of the body's end. */
  private handOver(body: Http1Body, chunk: Buffer): void {
    const { parser } = this
    const { ranges, fault } = parser
    if (ranges.length > 0) {
      const piece = this.pieces?.copy(chunk, ranges) ?? contentOf(chunk, ranges)
      const hasLeft = body.data(piece)
      this.pieces?.settle(piece, hasLeft)
    }
    if (fault !== undefined) this.breakBody(body, { reason: 'bad_framing', fault })
    else if (!parser.isInBody && !body.isOver) {
      if (parser.trailersClose) this.isLast = true
      body.end(parser.trailers)
      this.bodyEnded()
    }
  }

  /** Nothing that follows can be read: the answer, if there is one to come, is the last. */
  private breakBody(body: Http1Body, reject: Reject): void {
    this.isLast = true
    body.break(reject)
    if (!this.isBusy) this.endPolitely()
  }

  /** A body that was not wanted has been read to its end after all. */
  private bodyEnded(): void {
    if (this.isBusy) return
    this.lingerUntilMs = 0
    this.becomeFree()
  }

  /** The answer has left. */
  private settle(): void {
    if (!this.isBusy || this.socket.destroyed) return
    this.isBusy = false
    this.share.requests -= 1
    if (this.parser.isInBody && !this.isLast) this.lingerUntilMs = this.share.nowMs() + lingerMs
    else this.becomeFree()
  }

  private becomeFree(): void {
    this.reply = undefined
    if (this.isLast) {
      this.endPolitely()
      return
    }
    this.sinceMs = this.share.nowMs()
    this.goOn()
  }

  /** Bytes that are no request. */
  private refuse(fault: RawFault): void {
    this.isLast = true
    this.output.write(this.share.handler.refuseRaw(fault, this.socket.remoteAddress ?? ''))
    this.endPolitely()
  }

  /**
   * Ends our side. Closing while the caller still writes resets the connection, and the answer is lost with it (RFC
   * 9112 9.6): it gets time to read it.
   */
  private endPolitely(): void {
    const { socket, parser } = this
    this.isEnding = true
    const sendsMore = this.hasMore || this.pending.length > 0 || this.isStopped || parser.isInHead || parser.isInBody
    this.lingerUntilMs = this.share.nowMs() + lingerMs
    if (!sendsMore && parser.fault === undefined) {
      socket.destroySoon()
      return
    }
    this.pending = nothing
    socket.end()
    this.resumeSocket()
  }

  private throwAway(chunk: Buffer): void {
    this.thrownBytes += chunk.length
    if (this.thrownBytes > drainedBytesMax) this.pauseSocket()
  }

  /** The caller sends nothing more: as far as we know, it waits for nothing either. */
  private callerEnded(): void {
    const { socket } = this
    // A WebSocket may end one direction before the other is open.
    if (this.isUpgrade && !this.isEnding) return
    if (this.isEnding) socket.destroySoon()
    else if (this.isBusy && this.reply?.isEnded === true) {
      this.isLast = true
      socket.destroySoon()
    } else if (!this.isBusy && this.parser.isInHead) this.refuse('truncated')
    else socket.destroy()
  }

  private closed(): void {
    const { reply, share } = this
    share.connections.delete(this)
    this.pending = nothing
    if (!this.isBusy) return
    this.isBusy = false
    share.requests -= 1
    if (reply === undefined || this.tunnel !== undefined) return
    reply.lost()
    reply.body.break(undefined)
  }

  private pauseSocket(): void {
    this.isStopped = true
    this.socket.pause()
  }

  private resumeSocket(): void {
    if (!this.isStopped) return
    this.isStopped = false
    this.socket.resume()
  }
}
