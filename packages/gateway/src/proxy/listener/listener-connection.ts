import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { CallerTls } from '../exchange.ts'
import type { ExchangeHandler, RawFault } from './listener.ts'
import { ListenerBody } from './listener-body.ts'
import { ListenerReply, type ReplyConnection } from './listener-reply.ts'
import { mayHaveLostBytes } from './lost-bytes.ts'

/** What all connections of a listener share. */
export interface ListenerShare {
  readonly handler: ExchangeHandler
  /** Position in `gateway.listeners`. */
  readonly listener: number
  isDraining: boolean
  /** Requests begun and not ended. */
  requests: number
  /** Replies under way, for the time limits. */
  readonly replies: Set<ListenerReply>
  /** Connections that are to be destroyed at the given time of the monotonic clock, in milliseconds. */
  readonly lingering: Map<Socket, number>
}

/** How long a caller that still sends may take to read the answer that ends its connection. */
const lingerMs = 1_000
/** With so many requests waiting their turn no more are read; what one read brought is kept. */
const waitingMax = 16

interface Waiting {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly awaitsContinue: boolean
  /** What followed it is lost: its answer ends the connection. */
  readonly isLast: boolean
}

/**
 * One caller's connection. Requests sent without waiting are carried out one after the other, in order (RFC 9112
 * 9.3.2); what follows the last one, or bytes that are no request, is not carried out.
 */
export class ListenerConnection implements ReplyConnection {
  private readonly socket: Socket
  private readonly share: ListenerShare
  private readonly tls: CallerTls | undefined
  private readonly waiting: Waiting[] = []
  private readonly replyClosed = (): void => this.closed()
  /** The reply under way, or one whose request's body is still to come. */
  private current: ListenerReply | undefined
  private isBusy = false
  /** No request after the current one is carried out. */
  private isLast = false
  /** No request after those waiting is carried out. */
  private isCut = false
  private isHeld = false
  private fault: RawFault | undefined
  /** Bytes received when the last answer had left and nothing waited. */
  private bytesBefore = 0

  constructor(socket: Socket, share: ListenerShare, tls: CallerTls | undefined) {
    this.socket = socket
    this.tls = tls
    this.share = share
    socket.on('close', () => share.lingering.delete(socket))
    // A socket that node:http hands over for CONNECT has lost http's own listener.
    socket.on('error', () => undefined)
    // http resumes the connection at the end of each request it parses.
    socket.on('resume', () => {
      if (this.isHeld) socket.pause()
    })
    // How node:http ends a connection whose last answer has left.
    socket.destroySoon = () => this.endPolitely()
  }

  get isDraining(): boolean {
    return this.share.isDraining
  }

  markLast(): void {
    this.isLast = true
  }

  serve(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    if (this.isLast || this.isCut || this.fault !== undefined) {
      this.hold()
      return
    }
    // Node's parser lets 0.9 and 2.0 through too, which are framed by other rules.
    if (request.httpVersionMajor !== 1) {
      this.broke('HPE_INVALID_VERSION')
      return
    }
    this.isCut = mayHaveLostBytes(request, this.socket.bytesRead - this.bytesBefore)
    const next = { request, response, awaitsContinue, isLast: this.isCut }
    if (!this.isBusy) this.begin(next)
    else if (this.waiting.push(next) >= waitingMax) this.hold()
  }

  /** The bytes at hand are no request, or no body of the request they belong to. */
  broke(fault: RawFault): void {
    if (this.fault !== undefined) return
    this.fault = fault
    // The socket's own listener for it went with the parser.
    if (fault === 'connect') this.socket.on('drain', () => this.current?.response.emit('drain'))
    // A request that waits while its body breaks gets the refusal in its turn.
    if (this.waiting.at(-1)?.request.complete === false) this.waiting.pop()
    else if (this.waiting.length === 0 && this.current?.request.complete === false) {
      this.isLast = true
      this.current.body.break({ reason: 'bad_framing', fault })
    }
    if (!this.isBusy) this.refuse(fault)
  }

  bodyEnded(): void {
    if (this.isBusy) return
    this.share.lingering.delete(this.socket)
    this.current = undefined
    if (this.isLast) Socket.prototype.destroySoon.call(this.socket)
    else this.bytesBefore = this.socket.bytesRead
  }

  private begin({ request, response, awaitsContinue, isLast }: Waiting): void {
    const body = new ListenerBody(request, response, awaitsContinue)
    const reply = new ListenerReply(request, response, body, this)
    this.current = reply
    this.isBusy = true
    this.share.requests += 1
    this.share.replies.add(reply)
    response.on('close', this.replyClosed)
    if (isLast) reply.closeAfter()
    // RFC 9112 7: HTTP/1.0 knows no chunks, whatever its `TE` says.
    if (request.httpVersion === '1.0') response.useChunkedEncodingByDefault = false
    this.share.handler.handle({
      method: request.method ?? '',
      target: request.url ?? '',
      rawHeaders: request.rawHeaders,
      httpVersion: request.httpVersion === '1.0' ? '1.0' : '1.1',
      peer: this.socket.remoteAddress ?? '',
      scheme: this.tls === undefined ? 'http' : 'https',
      listener: this.share.listener,
      tls: this.tls,
      receivedMs: Date.now(),
      body,
      reply,
    })
  }

  /** The answer of the current request has left, or the connection is gone. */
  private closed(): void {
    const { current, socket } = this
    this.isBusy = false
    this.share.requests -= 1
    if (current !== undefined) this.share.replies.delete(current)
    current?.closed()
    if (socket.destroyed) return
    if (current?.request.complete === false) this.linger()
    else this.current = undefined
    if (this.isLast || !socket.writable) return
    const next = this.waiting.shift()
    if (this.waiting.length === 0) this.release()
    if (next !== undefined) this.begin(next)
    else if (this.fault !== undefined) this.refuse(this.fault)
    else this.bytesBefore = socket.bytesRead
  }

  /** Leaves what follows to the kernel. */
  private hold(): void {
    this.isHeld = true
    this.socket.pause()
  }

  private release(): void {
    if (!this.isHeld) return
    this.isHeld = false
    this.socket.resume()
  }

  /** Gives the caller time to read its answer before the connection is destroyed. */
  private linger(): void {
    this.share.lingering.set(this.socket, performance.now() + lingerMs)
  }

  /** Closing while the caller still writes resets the connection, and the answer is lost with it (RFC 9112 9.6). */
  private endPolitely(): void {
    if (this.current?.request.complete !== false) {
      Socket.prototype.destroySoon.call(this.socket)
      return
    }
    this.socket.end()
    this.linger()
  }

  private refuse(fault: RawFault): void {
    const { socket } = this
    this.linger()
    if (this.isLast || !socket.writable) return
    this.isLast = true
    socket.end(this.share.handler.refuseRaw(fault, socket.remoteAddress ?? ''))
  }
}
