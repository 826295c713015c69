import { type AddressInfo, createServer, type Server } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import type { ConnectionBounds } from './connection-bounds.ts'
import type { ExchangeHandler } from './exchange-handler.ts'
import type { Http1Options, Http1Sessions } from './http1-sessions.ts'
import { createHttp2Sessions } from './http2-sessions.ts'
import { sweepMs } from './listener-bounds.ts'
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
  /** Who reads HTTP/1. */
  readonly createHttp1: (options: Http1Options) => Http1Sessions
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

/** What a connection that is idle when the port closes is granted: a request may be on its way. */
const lastCallMs = 500

/** Opens a port: plain HTTP/1, or TLS with HTTP/1 and HTTP/2 behind its front. */
export async function listen(handler: ExchangeHandler, options: ListenOptions): Promise<Listener> {
  const { bounds, limits, listener, createHttp1 } = options
  const http1 = createHttp1({ handler, listener, limits })
  const http2 = createHttp2Sessions(limits)
  const front =
    options.tls === undefined
      ? undefined
      : createTlsFront({
          ...options.tls,
          onHttp1: http1.serve,
          onHttp2: (socket, tls) => http2.serve(socket, { handler, listener, tls }),
        })
  const door = front?.server ?? createServer({ allowHalfOpen: true, noDelay: true })
  door.on('connection', bounds.take)
  if (front === undefined) {
    door.on('connection', (socket) => {
      if (!socket.destroyed) http1.serve(socket, undefined)
    })
  }
  // The supervisor may hand over a connection before Node tells us that the port is open.
  await started(door, options)
  // The system had no file left for a connection: those that are open go on.
  door.on('error', (error: NodeJS.ErrnoException) => options.onAcceptFailure(error.code ?? 'unknown'))
  const sweeping = setInterval(() => {
    http1.sweep(limits())
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
          resolve({ connections: count, requests: http1.requests() + http2.load().requests }),
        ),
      ),
    farewell: () => {
      http1.farewell()
      http2.farewell()
    },
    drain: async (deadlineMs) => {
      http1.farewell()
      await Promise.all([drain(door, front, http1, deadlineMs), http2.drain(deadlineMs)])
    },
  }
}

function started(door: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    door.once('error', reject)
    door.listen(
      {
        host: options.address,
        port: options.port,
        exclusive: options.exclusive,
        ...(options.reusePort ? { reusePort: true } : {}),
        backlog: 4096,
      },
      () => {
        door.off('error', reject)
        resolve()
      },
    )
  })
}

function drain(door: Server, front: TlsFront | undefined, http1: Http1Sessions, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      http1.closeAll()
      front?.closeAll()
      resolve()
    }, deadlineMs)
    const closing = setInterval(() => {
      http1.closeIdle()
      front?.closeSilent()
    }, lastCallMs)
    door.close(() => {
      clearTimeout(deadline)
      clearInterval(closing)
      resolve()
    })
  })
}
