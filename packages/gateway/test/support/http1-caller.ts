import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { LimitsPlan } from '../../src/compile/plan.ts'
import type { Exchange } from '../../src/proxy/exchange.ts'
import { createHttp1Sessions, type Http1Sessions } from '../../src/proxy/listener/http1-sessions.ts'
import { plainLimits } from '../fixtures/limits.ts'

/** Our HTTP/1 side alone, on a port, with limits a test can wait for. */
export interface Http1Port {
  readonly sessions: Http1Sessions
  readonly exchanges: readonly Exchange[]
  /** Faults of bytes that were no request. */
  readonly faults: readonly string[]
  readonly call: () => Promise<Http1Caller>
  readonly close: () => void
}

export interface Http1Caller {
  readonly socket: Socket
  readonly text: () => string
  /** Resolves when the text holds this. */
  readonly sees: (part: string) => Promise<void>
  /** How the connection ended: `ECONNRESET`, or `end`. */
  readonly ended: Promise<string>
}

/** `answer` gets each request as it comes. */
export async function openHttp1(
  answer: (exchange: Exchange) => void,
  limits: Partial<LimitsPlan> = {},
): Promise<Http1Port> {
  const inForce = { ...plainLimits, ...limits }
  const exchanges: Exchange[] = []
  const faults: string[] = []
  const sessions = createHttp1Sessions({
    handler: {
      handle: (exchange) => {
        exchanges.push(exchange)
        answer(exchange)
      },
      refuse: () => undefined,
      refuseRaw: (fault) => {
        faults.push(fault)
        return `HTTP/1.1 400 ${fault}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
      },
    },
    listener: 0,
    limits: () => inForce,
  })
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => sessions.serve(socket, undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sweeping = setInterval(() => sessions.sweep(inForce), 50)
  const { port } = server.address() as AddressInfo

  async function call(): Promise<Http1Caller> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    let code = 'end'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? 'failed'
    })
    const ended = once(socket, 'close').then(
      () => code,
      () => once(socket, 'close').then(() => code),
    )
    await once(socket, 'connect')
    const sees = async (part: string): Promise<void> => {
      const deadline = Date.now() + 5_000
      while (!text.includes(part)) {
        if (Date.now() > deadline)
          throw new Error(`never saw ${JSON.stringify(part)}, only ${JSON.stringify(text.slice(0, 500))}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    return { socket, text: () => text, sees, ended }
  }

  return {
    sessions,
    exchanges,
    faults,
    call,
    close: () => {
      clearInterval(sweeping)
      sessions.closeAll()
      server.close()
    },
  }
}
