import type { Socket } from 'node:net'
import type { LimitsPlan } from '../../compile/plan.ts'
import { type Http2Caller, Http2Session } from './http2-session.ts'
import { sweepMs } from './listener-bounds.ts'

/** The HTTP/2 side of a listener: it is given connections whose caller speaks HTTP/2. */
export interface Http2Sessions {
  /** Runs a session on a connected socket: after ALPN chose `h2`, or over plain TCP by prior knowledge. */
  readonly serve: (socket: Socket, caller: Http2Caller) => void
  readonly load: () => Http2Load
  /** Ends sessions after what is under way, so that callers open new ones, which are served and end likewise. */
  readonly farewell: () => void
  /** Begins nothing new; resolves when the last stream and session ended, or cut off after `deadlineMs`. */
  readonly drain: (deadlineMs: number) => Promise<void>
}

export interface Http2Load {
  readonly sessions: number
  /** Streams begun and not ended. */
  readonly requests: number
}

/** Serves HTTP/2 with `node:http2`. Its one timer looks after the time limits of all sessions. */
export function createHttp2Sessions(limits: () => LimitsPlan, nowMs: () => number = Date.now): Http2Sessions {
  const sessions = new Set<Http2Session>()
  let state: 'serving' | 'farewell' | 'draining' = 'serving'
  let sweeping: NodeJS.Timeout | undefined
  let emptied: () => void = () => undefined

  function closed(session: Http2Session): void {
    sessions.delete(session)
    if (sessions.size > 0) return
    clearInterval(sweeping)
    sweeping = undefined
    emptied()
  }

  function sweep(): void {
    const atMs = nowMs()
    const inForce = limits()
    for (const session of sessions) session.sweep(inForce, atMs)
  }

  function serve(socket: Socket, caller: Http2Caller): void {
    if (state === 'draining' || socket.destroyed) {
      socket.destroy()
      return
    }
    const session = new Http2Session(socket, caller, nowMs, closed)
    sessions.add(session)
    if (state === 'farewell') session.closeAfterFirst()
    if (sweeping === undefined) sweeping = setInterval(sweep, sweepMs).unref()
  }

  function drain(deadlineMs: number): Promise<void> {
    state = 'draining'
    for (const session of sessions) session.close()
    if (sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        for (const session of sessions) session.destroy()
        resolve()
      }, deadlineMs)
      emptied = () => {
        clearTimeout(deadline)
        resolve()
      }
    })
  }

  return {
    serve,
    load: () => {
      let requests = 0
      for (const session of sessions) requests += session.requests
      return { sessions: sessions.size, requests }
    },
    farewell: () => {
      if (state === 'serving') state = 'farewell'
      for (const session of sessions) session.close()
    },
    drain,
  }
}
