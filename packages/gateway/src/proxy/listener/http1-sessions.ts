import type { Socket } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import type { CallerTls } from '../exchange.ts'
import type { ExchangeHandler } from './exchange-handler.ts'
import { Http1Connection, type Http1Share } from './http1-connection.ts'

/** The HTTP/1 side of a listener: it is given connections whose caller speaks HTTP/1.0 or 1.1, or does not yet speak. */
export interface Http1Sessions {
  readonly serve: (socket: Socket, tls: CallerTls | undefined) => void
  /** Requests begun and not ended. */
  readonly requests: () => number
  /** Looks after the time limits of all connections. */
  readonly sweep: (limits: LimitsPlan) => void
  /** Every answer from now on is the last of its connection. */
  readonly farewell: () => void
  /** Closes connections that carry no request. */
  readonly closeIdle: () => void
  readonly closeAll: () => void
}

export interface Http1Options {
  readonly handler: ExchangeHandler
  /** Position in `gateway.listeners`. */
  readonly listener: number
  readonly limits: () => LimitsPlan
}

/** Serves HTTP/1 with a parser of our own. */
export function createHttp1Sessions({ handler, listener, limits }: Http1Options): Http1Sessions {
  const share: Http1Share = {
    handler,
    listener,
    nowMs: () => performance.now(),
    isDraining: false,
    requests: 0,
    connections: new Set(),
    dateLine: dateLine(),
    keepAliveLines: keepAliveLines(limits()),
  }
  return {
    serve: (socket, tls) => void new Http1Connection(socket, share, tls),
    requests: () => share.requests,
    sweep: (inForce) => {
      share.dateLine = dateLine()
      share.keepAliveLines = keepAliveLines(inForce)
      const nowMs = share.nowMs()
      for (const connection of share.connections) connection.sweep(inForce, nowMs)
    },
    farewell: () => {
      share.isDraining = true
    },
    closeIdle: () => {
      for (const connection of share.connections) if (connection.isIdle) connection.destroy()
    },
    closeAll: () => {
      for (const connection of share.connections) connection.destroy()
    },
  }
}

/** RFC 9110 6.6.1: for answers whose upstream said none. */
function dateLine(): string {
  return `Date: ${new Date().toUTCString()}\r\n`
}

/** The hint of RFC 2068 19.7.1, by which callers know when not to begin another request. */
function keepAliveLines({ idleTimeoutMs }: LimitsPlan): string {
  return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(idleTimeoutMs / 1000)}\r\n`
}
