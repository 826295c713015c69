import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import { slowReject, slowSide } from './caller-pace.ts'
import type { ConnectionBounds } from './connection-bounds.ts'
import type { ExchangeHandler, RawFault } from './exchange-handler.ts'
import { createHttp2Sessions } from './http2-sessions.ts'
import { ListenerConnection, type ListenerShare } from './listener-connection.ts'
import { createTlsFront, type TlsFront, type TlsFrontPorts } from './tls-front.ts'

export interface ListenOptions {
  readonly address: string
  readonly port: number
  /** Listen without the cluster's primary handing connections over. */
  readonly exclusive: boolean
  /** Several processes accept on one port by themselves (Node 22.12). */
  readonly reusePort: boolean
  /** Position in `gateway.listeners`. */
  readonly listener: number
  /** In force now: a reload may change them. */
  readonly limits: () => LimitsPlan
  readonly bounds: ConnectionBounds
  /** A connection could not be taken for want of the system's means. */
  readonly onAcceptFailure: (code: string) => void
  /** Undefined: plain HTTP. */
  readonly tls: Pick<TlsFrontPorts, 'material' | 'ticketKey' | 'counts' | 'onFailure'> | undefined
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
  /** The door of a TLS port; undefined on a plain one. */
  readonly tls: Pick<TlsFront, 'use' | 'useTicketKey'> | undefined
  /** Tells callers with every answer from now on that their connection ends with it; still accepts. */
  readonly farewell: () => void
  /** Stops accepting, tells kept-alive callers to go, resolves when the last exchange ended or after `deadlineMs`. */
  readonly drain: (deadlineMs: number) => Promise<void>
}

/** Head of a request (S15). Node counts header bytes, we count fields. */
const headBytesMax = 32 * 1024
/** What a connection that is idle when the port closes is granted: a request may be on its way. */
const lastCallMs = 500
/** Above the 100 fields `readRequest` allows, far below the count where Node drops fields silently. */
const headerFieldsMax = 128
/** How often time limits are looked after: no limit is kept late by more. */
const sweepMs = 500

/** Serves HTTP/1.1 with `node:http`, on a TLS port behind its front: the only file besides `forward` that knows the transport (hot-path rule 1). */
export async function listen(handler: ExchangeHandler, options: ListenOptions): Promise<Listener> {
  const share: ListenerShare = {
    handler,
    listener: options.listener,
    isDraining: false,
    requests: 0,
    connections: new Set(),
    lingering: new Map(),
    detached: new Set(),
    accept: (socket) => server.emit('connection', socket),
  }
  const http2 = createHttp2Sessions(options.limits)
  const connections = new WeakMap<Socket, ListenerConnection>()
  const server = createServer({
    maxHeaderSize: headBytesMax,
    requestTimeout: 0,
    connectionsCheckingInterval: sweepMs,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  })
  server.maxHeadersCount = headerFieldsMax
  keepTimes(server, options.limits())
  // http's own first destroys every connection that carries no request yet, those just accepted too.
  server.close = NetServer.prototype.close as typeof server.close

  const front =
    options.tls === undefined
      ? undefined
      : createTlsFront({
          ...options.tls,
          onHttp1: (socket, tls) => {
            connections.set(socket, new ListenerConnection(socket, share, tls))
            server.emit('connection', socket)
          },
          onHttp2: (socket, tls) => http2.serve(socket, { handler, listener: options.listener, tls }),
        })

  const connectionOf = (socket: Socket): ListenerConnection => {
    let connection = connections.get(socket)
    if (connection === undefined) {
      connection = new ListenerConnection(socket, share, undefined)
      connections.set(socket, connection)
    }
    return connection
  }
  const serve = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    connectionOf(request.socket).serve(request, response, awaitsContinue)
  }
  server.on('request', (request, response) => serve(request, response, false))
  // RFC 9110 10.1.1: the 100 is sent when the body is wanted, so that a refusal comes before it.
  server.on('checkContinue', (request, response) => serve(request, response, true))
  server.on('checkExpectation', (request, response) => serve(request, response, false))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const fault = rawFault(error.code)
    // A caller that is gone, or connected ahead of need and never spoke, is owed no answer.
    if (fault === undefined || (socket as Socket).bytesRead === 0) socket.destroy()
    else connectionOf(socket as Socket).broke(fault)
  })
  server.on('upgrade', (request, socket, behind) => connectionOf(socket as Socket).upgrade(request, behind))
  server.on('connect', (_request, socket) => connectionOf(socket as Socket).broke('connect'))

  const door: NetServer = front?.server ?? server
  await started(door, options)
  door.on('connection', options.bounds.take)
  // The system had no file left for a connection: those that are open go on.
  door.on('error', (error: NodeJS.ErrnoException) => options.onAcceptFailure(error.code ?? 'unknown'))
  // A server that only gets connections handed keeps no list of them, and so no time limits, until it is told.
  if (front !== undefined) server.emit('listening')
  const sweeping = setInterval(() => {
    const limits = options.limits()
    keepTimes(server, limits)
    sweep(share.lingering)
    endSlow(share.connections, limits)
    front?.sweep()
  }, sweepMs)
  sweeping.unref()
  door.on('close', () => clearInterval(sweeping))
  return {
    port: (door.address() as AddressInfo).port,
    tls: front,
    load: () =>
      new Promise((resolve) =>
        door.getConnections((_error, count) =>
          resolve({ connections: count, requests: share.requests + http2.load().requests }),
        ),
      ),
    farewell: () => {
      share.isDraining = true
      http2.farewell()
    },
    drain: async (deadlineMs) => {
      share.isDraining = true
      await Promise.all([drain(server, front, share, deadlineMs), http2.drain(deadlineMs)])
    },
  }
}

/** What Node's parser found; undefined when the fault is the connection's. */
function rawFault(code: string | undefined): RawFault | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'headers_timeout'
  return code?.startsWith('HPE_') ? (code as RawFault) : undefined
}

/** Destroys the connections whose callers had their time to read the last answer. */
function sweep(lingering: Map<Socket, number>): void {
  const nowMs = performance.now()
  for (const [socket, untilMs] of lingering) {
    if (untilMs > nowMs) continue
    lingering.delete(socket)
    socket.destroy()
  }
}

/** Node looks at these when it needs them. */
function keepTimes(server: Server, { headTimeoutMs, idleTimeoutMs }: LimitsPlan): void {
  server.headersTimeout = headTimeoutMs
  server.keepAliveTimeout = idleTimeoutMs
}

function endSlow(connections: ReadonlySet<ListenerConnection>, limits: LimitsPlan): void {
  const nowMs = performance.now()
  for (const { timed: reply } of connections) {
    if (reply === undefined) continue
    const slow = slowSide(reply, limits, nowMs)
    if (slow !== undefined) reply.tooSlow(slow, slowReject(slow, limits))
  }
}

function started(server: NetServer, options: ListenOptions): Promise<void> {
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

function drain(
  server: Server,
  front: TlsFront | undefined,
  { detached }: ListenerShare,
  deadlineMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      server.closeAllConnections()
      for (const socket of detached) socket.destroy()
      front?.closeAll()
      resolve()
    }, deadlineMs)
    const closing = setInterval(() => {
      server.closeIdleConnections()
      front?.closeSilent()
    }, lastCallMs)
    const door = front?.server ?? server
    door.close(() => {
      clearTimeout(deadline)
      clearInterval(closing)
      resolve()
    })
  })
}
