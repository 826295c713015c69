import { type AddressInfo, createServer } from 'node:net'
import { rejectToWire } from '../../src/proxy/answer/reject-to-wire.ts'
import type { Exchange } from '../../src/proxy/exchange.ts'
import { createHttp2Sessions, type Http2Sessions } from '../../src/proxy/listener/http2-sessions.ts'
import { plainLimits } from '../fixtures/limits.ts'

/** HTTP/2 by prior knowledge on a port of its own, with a handler that says what it was handed. */
export interface Http2Listener {
  readonly port: number
  readonly sessions: Http2Sessions
  readonly seen: Exchange[]
  /** Reasons of what the listener refused. */
  readonly refused: string[]
  /** Exchanges to `/wait`, whose answer is the test's. */
  readonly waiting: Exchange[]
  readonly gone: { count: number }
  /** What bodies ended in: their length, or why they failed. */
  readonly bodies: string[]
  readonly close: () => Promise<void>
}

export async function listenHttp2(nowMs?: () => number): Promise<Http2Listener> {
  const sessions = createHttp2Sessions(() => plainLimits, nowMs)
  const seen: Exchange[] = []
  const refused: string[] = []
  const waiting: Exchange[] = []
  const bodies: string[] = []
  const gone = { count: 0 }
  const handle = (exchange: Exchange): void => {
    seen.push(exchange)
    const { reply, body, target } = exchange
    reply.onGone(() => {
      gone.count += 1
    })
    if (target.startsWith('/wait')) waiting.push(exchange)
    else if (target.startsWith('/unread')) reply.send(401, [], 'no', false)
    else if (target.startsWith('/big')) sendMuch(exchange, Number(target.slice(5)))
    else if (body.kind === 'none') reply.send(200, ['x-from', 'handler'], told(exchange, 0), false)
    else readAll(exchange, bodies)
  }
  const refuse = (exchange: Exchange, reject: Parameters<typeof rejectToWire>[0]): void => {
    const detail = 'name' in reject ? ` ${reject.name} ${reject.fault}` : 'fault' in reject ? ` ${reject.fault}` : ''
    refused.push(reject.reason + detail)
    exchange.reply.send(rejectToWire(reject).status, [], 'refused', false)
  }
  const handler = { handle, refuse, refuseRaw: () => '' }
  const server = createServer({ noDelay: true }, (socket) => {
    sessions.serve(socket, { handler, listener: 0, tls: undefined })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    seen,
    refused,
    waiting,
    gone,
    bodies,
    close: async () => {
      await sessions.drain(0)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function told({ method, target, rawHeaders, httpVersion }: Exchange, bytes: number): string {
  return JSON.stringify({ method, target, rawHeaders, httpVersion, bytes })
}

function readAll(exchange: Exchange, bodies: string[]): void {
  let bytes = 0
  exchange.body.start({
    data: (chunk) => {
      bytes += chunk.length
      return true
    },
    end: (trailers) => {
      bodies.push(String(bytes))
      exchange.reply.head(200, [], undefined)
      exchange.reply.data(Buffer.from(told(exchange, bytes)))
      exchange.reply.end(trailers)
    },
    fail: (reject) => {
      bodies.push(reject === undefined ? 'gone' : 'fault' in reject ? reject.fault : reject.reason)
      if (reject?.reason === 'body_timeout') exchange.reply.send(rejectToWire(reject).status, [], 'late', true)
    },
  })
}

/** As fast as the caller takes it. */
function sendMuch({ reply }: Exchange, bytes: number): void {
  const chunk = Buffer.alloc(64 * 1024, 'x')
  let left = bytes
  const push = (): void => {
    while (left > 0) {
      const size = Math.min(left, chunk.length)
      left -= size
      if (!reply.data(chunk.subarray(0, size)) && left > 0) return
    }
    reply.end()
  }
  reply.head(200, [], bytes)
  reply.onDrain(push)
  push()
}
