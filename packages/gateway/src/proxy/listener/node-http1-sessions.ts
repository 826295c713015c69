import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import type { CallerTls } from '../exchange.ts'
import { slowReject, slowSide } from './caller-pace.ts'
import type { RawFault } from './exchange-handler.ts'
import { headBytesMax } from './http1-parser.ts'
import type { Http1Options, Http1Sessions } from './http1-sessions.ts'
import { sweepMs } from './listener-bounds.ts'
import { NodeHttp1Connection, type NodeHttp1Share } from './node-http1-connection.ts'

/** Above the 100 fields `readRequest` allows, far below the count where Node drops fields silently. */
const headerFieldsMax = 128

/** Serves HTTP/1 with `node:http`: the other implementation, run by the same tests. */
export function createNodeHttp1Sessions({ handler, listener, limits }: Http1Options): Http1Sessions {
  const share: NodeHttp1Share = {
    handler,
    listener,
    isDraining: false,
    requests: 0,
    connections: new Set(),
    lingering: new Map(),
    detached: new Set(),
    accept: (socket) => server.emit('connection', socket),
  }
  const connections = new WeakMap<Socket, NodeHttp1Connection>()
  const server = createServer({
    maxHeaderSize: headBytesMax,
    requestTimeout: 0,
    connectionsCheckingInterval: sweepMs,
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  })
  server.maxHeadersCount = headerFieldsMax

  /** Node looks at these when it needs them. */
  function keepTimes({ headTimeoutMs, idleTimeoutMs }: LimitsPlan): void {
    server.headersTimeout = headTimeoutMs
    server.keepAliveTimeout = idleTimeoutMs
  }

  const connectionOf = (socket: Socket): NodeHttp1Connection => {
    const connection = connections.get(socket)
    if (connection === undefined) throw new Error('a connection nobody handed over')
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
  keepTimes(limits())
  // A server that only gets connections handed keeps no list of them, and so no time limits, until it is told.
  server.emit('listening')

  return {
    serve: (socket: Socket, tls: CallerTls | undefined) => {
      server.emit('connection', socket)
      // After node:http listens: a pause of ours must come behind what it does at a resume.
      connections.set(socket, new NodeHttp1Connection(socket, share, tls))
    },
    requests: () => share.requests,
    sweep: (inForce) => {
      keepTimes(inForce)
      sweepLingering(share.lingering)
      endSlow(share.connections, inForce)
    },
    farewell: () => {
      share.isDraining = true
    },
    closeIdle: () => server.closeIdleConnections(),
    closeAll: () => {
      server.closeAllConnections()
      for (const socket of share.detached) socket.destroy()
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
function sweepLingering(lingering: Map<Socket, number>): void {
  const nowMs = performance.now()
  for (const [socket, untilMs] of lingering) {
    if (untilMs > nowMs) continue
    lingering.delete(socket)
    socket.destroy()
  }
}

function endSlow(connections: ReadonlySet<NodeHttp1Connection>, limits: LimitsPlan): void {
  const nowMs = performance.now()
  for (const { timed: reply } of connections) {
    if (reply === undefined) continue
    const slow = slowSide(reply, limits, nowMs)
    if (slow !== undefined) reply.tooSlow(slow, slowReject(slow, limits))
  }
}
