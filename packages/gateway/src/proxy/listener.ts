import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { ByteSink, CallerBody, Exchange, Reply } from './exchange.ts'

/** What the listener hands requests to. */
export interface ExchangeHandler {
  readonly handle: (exchange: Exchange) => void
  /** The parser refused the bytes: the complete answer to write before the connection is closed. */
  readonly refuseRaw: (fault: RawFault, peer: string) => string
}

export type RawFault = 'headers_too_large' | 'headers_timeout' | 'bad_framing'

export interface ListenOptions {
  readonly address: string
  readonly port: number
  /** Listen without the cluster's primary handing connections over. */
  readonly exclusive: boolean
  /** Several processes accept on one port by themselves (Node 22.12). */
  readonly reusePort: boolean
}

export interface ListenerLoad {
  readonly connections: number
  /** Requests begun and not ended. */
  readonly requests: number
}

export interface Listener {
  readonly port: number
  /** What is open and going on now. */
  readonly load: () => Promise<ListenerLoad>
  /** Tells callers with every answer from now on that their connection ends with it; still accepts. */
  readonly farewell: () => void
  /** Stops accepting, tells kept-alive callers to go, resolves when the last exchange ended or after `deadlineMs`. */
  readonly drain: (deadlineMs: number) => Promise<void>
}

/** Head of a request: bytes and time (S15). Node counts header bytes, we count fields. */
const headBytesMax = 32 * 1024
const headTimeoutMs = 10_000
const keepAliveIdleMs = 60_000
/** What a connection that is idle when the port closes is granted: a request may be on its way. */
const lastCallMs = 500
/** Above the 100 fields `readRequest` allows, far below the count where Node drops fields silently. */
const headerFieldsMax = 128
/** An unread body up to this size is drained so that the connection can be kept; beyond it the connection closes. */
const drainedBytesMax = 64 * 1024

/** Serves HTTP/1.1 with `node:http`: the only file besides `forward` that knows the transport (hot-path rule 1). */
export async function listen(handler: ExchangeHandler, options: ListenOptions): Promise<Listener> {
  let draining = false
  let requests = 0
  const server = createServer({
    maxHeaderSize: headBytesMax,
    headersTimeout: headTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveIdleMs,
    connectionsCheckingInterval: 5_000,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  })
  server.maxHeadersCount = headerFieldsMax
  // http's own first destroys every connection that carries no request yet, those just accepted too.
  server.close = NetServer.prototype.close as typeof server.close

  const ended = (): void => {
    requests -= 1
  }
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    requests += 1
    response.on('close', ended)
    if (draining) response.shouldKeepAlive = false
    handler.handle(toExchange(request, response))
  }
  server.on('request', serve)
  // RFC 9110 10.1.1: the 100 is sent when the body is wanted, so that a refusal comes before it.
  server.on('checkContinue', serve)
  server.on('checkExpectation', serve)
  server.on('clientError', (error, socket) => refuseRaw(handler, error, socket as Socket))
  server.on('connect', (_request, socket) => refuseRaw(handler, undefined, socket as Socket))

  await started(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    load: () =>
      new Promise((resolve) => server.getConnections((_error, connections) => resolve({ connections, requests }))),
    farewell: () => {
      draining = true
    },
    drain: (deadlineMs) => {
      draining = true
      return drain(server, deadlineMs)
    },
  }
}

function started(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(
      {
        host: options.address,
        port: options.port,
        exclusive: options.exclusive,
        ...(options.reusePort ? { reusePort: true } : {}),
        backlog: 4096,
      },
      () => {
        server.off('error', reject)
        resolve()
      },
    )
  })
}

function drain(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections()
      resolve()
    }, deadlineMs)
    const sweep = setInterval(() => server.closeIdleConnections(), lastCallMs)
    server.close(() => {
      clearTimeout(deadline)
      clearInterval(sweep)
      resolve()
    })
  })
}

function refuseRaw(handler: ExchangeHandler, error: NodeJS.ErrnoException | undefined, socket: Socket): void {
  if (!socket.writable || error?.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const fault =
    error?.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error?.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'headers_timeout'
        : 'bad_framing'
  socket.end(handler.refuseRaw(fault, socket.remoteAddress ?? ''), () => socket.destroy())
}

function toExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    rawHeaders: request.rawHeaders,
    httpVersion: request.httpVersion === '1.0' ? '1.0' : '1.1',
    peer: request.socket.remoteAddress ?? '',
    scheme: 'http',
    receivedMs: Date.now(),
    body: new NodeBody(request, response),
    reply: new NodeReply(request, response),
  }
}

class NodeBody implements CallerBody {
  readonly kind: CallerBody['kind']
  readonly bytes: number
  private readonly request: IncomingMessage
  private readonly response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request
    this.response = response
    // Node's parser has refused both framings together and differing lengths before this point.
    const chunked = request.headers['transfer-encoding'] !== undefined
    const length = request.headers['content-length']
    this.bytes = chunked || length === undefined ? 0 : Number(length)
    this.kind = chunked ? 'chunked' : this.bytes > 0 ? 'sized' : 'none'
  }

  start(sink: ByteSink): void {
    if (this.request.headers.expect !== undefined) this.response.writeContinue()
    let over = false
    this.request.on('data', (chunk: Buffer) => sink.data(chunk))
    this.request.on('end', () => {
      over = true
      sink.end()
    })
    this.request.on('close', () => {
      if (!over) sink.fail()
    })
    this.request.on('error', () => undefined)
  }

  pause(): void {
    this.request.pause()
  }

  resume(): void {
    this.request.resume()
  }
}

/**
 * Holds the first piece of a body back until the end of the tick, so that head and small body leave in one write
 * (hot-path rule 4).
 */
class NodeReply implements Reply {
  private readonly request: IncomingMessage
  private readonly response: ServerResponse
  private first: Buffer | undefined
  private flowing = false

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request
    this.response = response
  }

  head(status: number, rawHeaders: readonly string[], bodyBytes: number | undefined): void {
    const headers = bodyBytes === undefined ? rawHeaders : [...rawHeaders, 'Content-Length', String(bodyBytes)]
    this.response.writeHead(status, headers as string[])
  }

  data(chunk: Buffer): boolean {
    if (this.flowing) return this.response.write(chunk)
    if (this.first !== undefined) {
      this.flush()
      return this.response.write(chunk)
    }
    this.first = chunk
    process.nextTick(flushReply, this)
    return true
  }

  flush(): void {
    const first = this.first
    if (first === undefined) return
    this.first = undefined
    this.flowing = true
    if (!this.response.destroyed) this.response.write(first)
  }

  end(): void {
    const first = this.first
    this.first = undefined
    this.flowing = true
    if (first === undefined) this.response.end()
    else this.response.end(first)
  }

  send(status: number, rawHeaders: readonly string[], body: string): void {
    if (this.hasLargeUnreadBody()) this.response.shouldKeepAlive = false
    this.response.writeHead(status, [...rawHeaders, 'Content-Length', String(Buffer.byteLength(body))])
    this.response.end(this.request.method === 'HEAD' ? undefined : body)
  }

  abort(): void {
    this.response.destroy()
  }

  onDrain(listener: () => void): void {
    this.response.on('drain', listener)
  }

  onGone(listener: () => void): void {
    this.response.on('close', () => {
      if (!this.response.writableFinished) listener()
    })
  }

  private hasLargeUnreadBody(): boolean {
    if (this.request.complete) return false
    const headers = this.request.headers
    return (
      headers['transfer-encoding'] !== undefined ||
      Number(headers['content-length'] ?? 0) > drainedBytesMax ||
      headers.expect !== undefined
    )
  }
}

function flushReply(reply: NodeReply): void {
  reply.flush()
}
