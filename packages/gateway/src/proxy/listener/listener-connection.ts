import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { CallerTls } from '../exchange.ts'
import type { ExchangeHandler, RawFault } from './listener.ts'
import { ListenerBody } from './listener-body.ts'
import { ListenerReply, type ReplyConnection } from './listener-reply.ts'

/** What all connections of a listener share. */
export interface ListenerShare {
  readonly handler: ExchangeHandler
  /** Position in `gateway.listeners`. */
  readonly listener: number
  isDraining: boolean
  /** Connections that are to be destroyed at the given time, in milliseconds. */
  readonly lingering: Map<Socket, number>
}

/** How long a caller that still sends may take to read the answer that ends its connection. */
const lingerMs = 1_000

interface Waiting {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly awaitsContinue: boolean
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
  private current: ListenerReply | undefined
  private isBusy = false
  private isLast = false
  private fault: RawFault | undefined

  constructor(socket: Socket, share: ListenerShare, tls: CallerTls | undefined) {
    this.socket = socket
    this.tls = tls
    this.share = share
    socket.on('close', () => share.lingering.delete(socket))
  }

  get isDraining(): boolean {
    return this.share.isDraining
  }

  markLast(): void {
    this.isLast = true
  }

  linger(): void {
    this.share.lingering.set(this.socket, Date.now() + lingerMs)
  }

  stay(): void {
    this.share.lingering.delete(this.socket)
  }

  serve(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    if (this.isLast) return
    // Node's parser lets 0.9 and 2.0 through too, which are framed by other rules.
    if (request.httpVersionMajor !== 1) this.broke('HPE_INVALID_VERSION')
    else if (this.isBusy) this.waiting.push({ request, response, awaitsContinue })
    else this.begin(request, response, awaitsContinue)
  }

  /** The bytes at hand are no request, or no body of the request they belong to. */
  broke(fault: RawFault): void {
    if (this.fault !== undefined) return
    this.fault = fault
    // A request that waits while its body breaks gets the refusal in its turn.
    if (this.waiting.at(-1)?.request.complete === false) this.waiting.pop()
    else if (this.waiting.length === 0 && this.current?.request.complete === false)
      this.breakCurrent(this.current, fault)
    if (!this.isBusy) this.refuse(fault)
  }

  /** The answer of the current request has left, or the connection is gone. */
  closed(): void {
    this.isBusy = false
    this.current?.closed()
    if (this.isLast || this.socket.destroyed) return
    const next = this.waiting.shift()
    if (next !== undefined) this.begin(next.request, next.response, next.awaitsContinue)
    else if (this.fault !== undefined) this.refuse(this.fault)
  }

  private begin(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const body = new ListenerBody(request, response, awaitsContinue)
    const reply = new ListenerReply(request, response, body, this)
    this.current = reply
    this.isBusy = true
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

  private breakCurrent(reply: ListenerReply, fault: RawFault): void {
    this.isLast = true
    // It had its answer: there is nothing left to say.
    if (reply.response.headersSent) this.linger()
    reply.body.break(fault)
  }

  private refuse(fault: RawFault): void {
    const { socket } = this
    if (this.isLast || !socket.writable) {
      this.linger()
      return
    }
    this.isLast = true
    this.linger()
    socket.end(this.share.handler.refuseRaw(fault, socket.remoteAddress ?? ''))
  }
}
