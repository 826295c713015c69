import { type IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { CallerTls, CallerUpgrade } from '../exchange.ts'
import { handshakeKey } from '../head/websocket-handshake.ts'
import type { ExchangeHandler, RawFault } from './exchange-handler.ts'
import { lingerMs } from './listener-bounds.ts'
import { openTunnel } from './listener-tunnel.ts'
import { NodeHttp1Body } from './node-http1-body.ts'
import { NodeHttp1Reply, type ReplyConnection } from './node-http1-reply.ts'
import { withoutUpgrade } from './without-upgrade.ts'

/** What all connections of a listener share. */
export interface NodeHttp1Share {
  readonly handler: ExchangeHandler
  /** Position in `gateway.listeners`. */
  readonly listener: number
  isDraining: boolean
  /** Requests begun and not ended. */
  requests: number
  /**
   * Every open connection, for the time limits. Not every reply: a set that lives long grows old tables as it is filled
   * and emptied, and each keeps the requests it held until the old heap is collected.
   */
  readonly connections: Set<NodeHttp1Connection>
  /** Connections that are to be destroyed at the given time of the monotonic clock, in milliseconds. */
  readonly lingering: Map<Socket, number>
  /** Connections that node:http let go of, as it does at each request that asks for an upgrade. */
  readonly detached: Set<Socket>
  /** Lets node:http read a connection, anew. */
  readonly accept: (socket: Socket) => void
}

/** With so many requests waiting their turn no more are read; what one read brought is kept. */
const waitingMax = 16

interface Waiting {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly awaitsContinue: boolean
}

/**
 * One caller's connection. Requests sent without waiting are carried out one after the other, in order (RFC 9112
 * 9.3.2); what follows the last one, or bytes that are no request, is not carried out.
 */
export class NodeHttp1Connection implements ReplyConnection {
  private readonly socket: Socket
  private readonly share: NodeHttp1Share
  private readonly tls: CallerTls | undefined
  private readonly waiting: Waiting[] = []
  private readonly replyClosed = (): void => this.closed()
  /** The reply under way, or one whose request's body is still to come. */
  private current: NodeHttp1Reply | undefined
  /** The reply that the limits on slow callers hold for. */
  timed: NodeHttp1Reply | undefined
  private isBusy = false
  /** No request after the current one is carried out. */
  private isLast = false
  private isHeld = false
  private fault: RawFault | undefined
  /** A request that asks for an upgrade, and what came behind it: its turn comes when those before it are answered. */
  private asked: { readonly request: IncomingMessage; readonly behind: Buffer } | undefined

  constructor(socket: Socket, share: NodeHttp1Share, tls: CallerTls | undefined) {
    this.socket = socket
    this.tls = tls
    this.share = share
    share.connections.add(this)
    socket.on('close', () => {
      share.connections.delete(this)
      share.lingering.delete(socket)
      share.detached.delete(socket)
    })
    // A socket that node:http hands over for CONNECT or an upgrade has lost http's own listeners.
    socket.on('error', () => undefined)
    socket.on('drain', () => {
      if (share.detached.has(socket)) this.current?.response.emit('drain')
    })
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
    if (this.isLast || this.fault !== undefined) {
      this.hold()
      return
    }
    // Node's parser lets 0.9 and 2.0 through too, which are framed by other rules.
    if (request.httpVersionMajor !== 1) {
      this.broke('HPE_INVALID_VERSION')
      return
    }
    const next = { request, response, awaitsContinue }
    if (!this.isBusy) this.begin(next)
    else if (this.waiting.push(next) >= waitingMax) this.hold()
  }

  /**
   * A request that asks for an upgrade: node:http has let go of the connection, and hands over what came behind the
   * request's head. A WebSocket handshake is judged like any request; to every other one the upgrade is nothing, and
   * node:http gets it again without that word.
   */
  upgrade(request: IncomingMessage, behind: Buffer): void {
    this.share.detached.add(this.socket)
    if (this.isLast || this.fault !== undefined) return
    if (request.httpVersionMajor !== 1) {
      this.broke('HPE_INVALID_VERSION')
      return
    }
    this.asked = { request, behind }
    if (!this.isBusy) this.takeUp()
  }

  /** The bytes at hand are no request, or no body of the request they belong to. */
  broke(fault: RawFault): void {
    if (this.fault !== undefined) return
    this.fault = fault
    if (fault === 'connect') this.share.detached.add(this.socket)
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
  }

  private takeUp(): void {
    const { socket, share, asked } = this
    if (asked === undefined) return
    this.asked = undefined
    // node:http may have set it after the answer before this request, and no longer looks at it.
    socket.setTimeout(0)
    const { request, behind } = asked
    if (handshakeKey(request.method ?? '', request.httpVersion, request.rawHeaders) !== undefined) {
      this.beginHandshake(request, behind)
      return
    }
    share.detached.delete(socket)
    socket.unshift(Buffer.concat([withoutUpgrade(request), behind]))
    share.accept(socket)
    if (socket.isPaused()) socket.resume()
  }

  /**
   * Its answer, when it is none that opens a tunnel, is the connection's last: what the caller sends behind a handshake
   * may be meant for the tunnel, and is never read as a request.
   */
  private beginHandshake(request: IncomingMessage, behind: Buffer): void {
    const { socket, share } = this
    const response = new ServerResponse(request)
    response.assignSocket(socket)
    response.on('finish', () => {
      response.detachSocket(socket)
      this.closed()
      if (socket.destroyed) return
      socket.end()
      socket.resume()
      socket.on('end', () => socket.destroy())
      this.linger()
    })
    const open: CallerUpgrade['open'] = (rawHeaders, user) => {
      response.detachSocket(socket)
      // A tunnel has limits of its own.
      this.timed = undefined
      socket.on('close', () => {
        share.requests -= 1
      })
      return openTunnel(socket, rawHeaders, behind, user)
    }
    this.begin({ request, response, awaitsContinue: false }, { open })
  }

  private begin({ request, response, awaitsContinue }: Waiting, upgrade?: CallerUpgrade): void {
    const body = new NodeHttp1Body(request, response, awaitsContinue)
    const reply = new NodeHttp1Reply(request, response, body, this)
    this.current = reply
    this.isBusy = true
    // The body before it, which nobody wanted, has come to its end after all.
    this.share.lingering.delete(this.socket)
    this.share.requests += 1
    this.timed = reply
    response.on('close', this.replyClosed)
    if (upgrade !== undefined) reply.closeAfter()
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
      upgrade,
    })
  }

  /** The answer of the current request has left, or the connection is gone. */
  private closed(): void {
    const { current, socket } = this
    this.isBusy = false
    this.share.requests -= 1
    this.timed = undefined
    current?.closed()
    if (socket.destroyed) return
    if (current?.request.complete === false) this.linger()
    else this.current = undefined
    if (this.isLast || !socket.writable) return
    const next = this.waiting.shift()
    if (this.waiting.length === 0) this.release()
    if (next !== undefined) this.begin(next)
    else if (this.asked !== undefined) this.takeUp()
    else if (this.fault !== undefined) this.refuse(this.fault)
  }

  /** Leaves what follows to the kernel. */
  private hold(): void {
    this.isHeld = true
    this.socket.pause()
  }

  private release(): void {
    if (!this.isHeld) return
    this.isHeld = false
    // Nobody would take what comes; whoever gets the connection next resumes it.
    if (!this.share.detached.has(this.socket)) this.socket.resume()
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
