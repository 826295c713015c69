import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import type { CallerTls, Exchange } from '../exchange.ts'
import { slowReject, slowSide } from './caller-pace.ts'
import type { ExchangeHandler } from './exchange-handler.ts'
import { Http2Body } from './http2-body.ts'
import { type Budget, createBudget } from './http2-budget.ts'
import { http2Limits, sessionOptions } from './http2-limits.ts'
import { noStreamExchange } from './http2-no-stream.ts'
import { Http2Reply } from './http2-reply.ts'
import { readHttp2Request } from './http2-request.ts'
import { lingerMs } from './listener-bounds.ts'

/** Whose connection it is. */
export interface Http2Caller {
  readonly handler: ExchangeHandler
  /** Position in `gateway.listeners`. */
  readonly listener: number
  readonly tls: CallerTls | undefined
}

/** One caller's HTTP/2 session: its streams, and what it has spent of its budgets. */
export class Http2Session {
  private readonly socket: Socket
  private readonly caller: Http2Caller
  private readonly peer: string
  private readonly session: ServerHttp2Session
  private readonly open = new Map<ServerHttp2Stream, Http2Reply>()
  private readonly resets: Budget = createBudget(http2Limits.resets)
  private readonly nowMs: () => number
  private idleSinceMs: number
  private closingMs: number | undefined
  private isLast = false
  /** A bound was passed: nothing that was read behind it is begun. */
  private isFlooded = false

  constructor(socket: Socket, caller: Http2Caller, nowMs: () => number, onClosed: (session: Http2Session) => void) {
    this.socket = socket
    this.caller = caller
    this.peer = socket.remoteAddress ?? ''
    this.nowMs = nowMs
    this.idleSinceMs = nowMs()
    const session = performServerHandshake(socket, sessionOptions)
    this.session = session
    endBehindGoaway(session)
    session.setLocalWindowSize(http2Limits.sessionWindowBytes)
    const pings = createBudget(http2Limits.pings)
    const settings = createBudget(http2Limits.settings)
    session.on('ping', () => this.count(pings, 'too many PING frames'))
    session.on('remoteSettings', () => this.count(settings, 'too many SETTINGS frames'))
    session.on('error', (error: NodeJS.ErrnoException) => {
      // Others are the connection's end or the caller's own GOAWAY. The texts are Node's, without the caller's bytes.
      if (framingErrors.test(error.code ?? '') && !this.isFlooded) this.record(error.message)
    })
    session.on('frameError', ignore)
    const ended = this.streamClosed.bind(this)
    // One function for all streams: a stream is its own `this`.
    function streamClosed(this: ServerHttp2Stream): void {
      ended(this)
    }
    session.on('stream', (stream, _headers, flags, rawHeaders?: string[]) => {
      stream.on('error', ignore)
      if (this.isFlooded) return
      stream.on('close', streamClosed)
      this.serve(stream, flags, rawHeaders ?? [])
    })
    session.on('close', () => onClosed(this))
  }

  get requests(): number {
    return this.open.size
  }

  /**
   * What is under way is finished, and what comes later is not begun: the caller knows from GOAWAY which is which, and
   * that it may ask again on another connection (RFC 9113 6.8).
   */
  close(): void {
    if (this.closingMs !== undefined) return
    this.closingMs = this.nowMs()
    this.session.close()
  }

  /** The same once the caller asked something: one told to go before it said anything would only come back. */
  closeAfterFirst(): void {
    this.isLast = true
  }

  destroy(): void {
    this.session.destroy()
    this.socket.destroy()
  }

  /** Keeps the time limits. */
  sweep(limits: LimitsPlan, nowMs: number): void {
    for (const reply of this.open.values()) {
      const slow = slowSide(reply, limits, nowMs)
      if (slow !== undefined) reply.tooSlow(slow, slowReject(slow, limits))
    }
    if (this.open.size > 0) return
    if (this.closingMs === undefined) {
      if (nowMs - this.idleSinceMs >= limits.idleTimeoutMs) this.close()
    } else if (nowMs - Math.max(this.closingMs, this.idleSinceMs) >= lingerMs) this.destroy()
  }

  private serve(stream: ServerHttp2Stream, flags: number, rawHeaders: readonly string[]): void {
    const scheme = this.caller.tls === undefined ? 'http' : 'https'
    const request = readHttp2Request(rawHeaders, scheme)
    const { method, target } = request
    const body = new Http2Body(stream, request, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0)
    const reply = new Http2Reply(stream, body, method === 'HEAD')
    this.open.set(stream, reply)
    // The stack counts a stream as begun when its event is over.
    if (this.isLast) setImmediate(() => this.close())
    const exchange: Exchange = {
      method,
      target,
      rawHeaders: request.rawHeaders,
      httpVersion: '2.0',
      peer: this.peer,
      scheme,
      listener: this.caller.listener,
      tls: this.caller.tls,
      receivedMs: this.nowMs(),
      body,
      reply,
    }
    if (request.reject === undefined) this.caller.handler.handle(exchange)
    else this.caller.handler.refuse(exchange, request.reject)
  }

  private streamClosed(stream: ServerHttp2Stream): void {
    const reply = this.open.get(stream)
    if (reply === undefined) return
    this.open.delete(stream)
    this.idleSinceMs = this.nowMs()
    // Whoever sent the reset: a caller can also break rules so that the stack sends it (CVE-2025-8671).
    if (!reply.wasCutOff && (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !reply.isAnswered))
      this.count(this.resets, 'too many reset streams')
    reply.closed()
  }

  /** The session ends when what was read is worked off: one that is destroyed within a frame is still given those behind. */
  private count(budget: Budget, fault: string): void {
    if (budget.spend(this.nowMs()) || this.isFlooded || this.session.destroyed) return
    this.isFlooded = true
    this.record(fault)
    setImmediate(() => this.session.destroy(new Error(fault), constants.NGHTTP2_ENHANCE_YOUR_CALM))
  }

  /** The end of a session for what the caller sent is a decision like any other, though nobody gets an answer. */
  private record(fault: string): void {
    const { handler, listener, tls } = this.caller
    handler.refuse(noStreamExchange(this.peer, listener, tls, this.nowMs()), { reason: 'bad_framing', fault })
  }
}

const framingErrors = /^ERR_HTTP2_(ERROR|TOO_MANY_INVALID_FRAMES)$/

/**
 * At a GOAWAY with an error Node destroys the session within that frame, and is still given those behind: Node 22 aborts
 * the process at the content of a request among them (nodejs/node#64850). It ends when what was read is worked off.
 */
function endBehindGoaway(session: ServerHttp2Session): void {
  const destroy = session.destroy.bind(session)
  session.destroy = (error?: NodeJS.ErrnoException, code?: number) => {
    if (error?.code === 'ERR_HTTP2_SESSION_ERROR') setImmediate(destroy, error, code)
    else destroy(error, code)
  }
}

function ignore(): void {}
