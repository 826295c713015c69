import { type AddressInfo, createServer, type Socket } from 'node:net'
import { acceptOf, createFrameReader, type Frame, frame, opcodes } from './web-socket-frames.ts'

/** A connection to the upstream: what was asked, and what came on it. */
export interface UpstreamSocket {
  readonly head: string
  readonly target: string
  readonly socket: Socket
  readonly frames: Frame[]
  hasEnded: boolean
  isClosed: boolean
}

export interface WebSocketUpstream {
  readonly port: number
  readonly url: string
  /** Every request so far. */
  readonly asked: readonly UpstreamSocket[]
  readonly open: () => number
  readonly close: () => void
}

/** Answers a request instead of the echo; true when what follows is frames. */
export type Answers = (asked: UpstreamSocket, key: string) => boolean | undefined

/** A server that agrees to every handshake and sends each frame back; other requests get a plain answer. */
export async function startWebSocketUpstream(answers: Answers = () => undefined): Promise<WebSocketUpstream> {
  const asked: UpstreamSocket[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    let text = ''
    let current: UpstreamSocket | undefined
    const reader = createFrameReader()
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      if (current !== undefined) current.isClosed = true
    })
    socket.on('end', () => {
      if (current !== undefined) current.hasEnded = true
      if (current?.target.includes('half') !== true) socket.end()
    })
    socket.on('data', (chunk: Buffer) => {
      if (current !== undefined) {
        for (const one of reader(chunk)) {
          current.frames.push(one)
          if (one.opcode === opcodes.close) socket.end(frame(opcodes.close, one.payload, false))
          else if (!current.target.includes('silent')) socket.write(frame(one.opcode, one.payload, false))
        }
        return
      }
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = text.slice(0, end + 4)
      text = text.slice(end + 4)
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? ''
      const target = head.split(' ')[1] ?? ''
      const request = { head, target, socket, frames: [], hasEnded: false, isClosed: false }
      asked.push(request)
      const own = answers(request, key)
      if (own !== undefined) current = own ? request : undefined
      else if (/^upgrade: websocket\r$/im.test(head)) {
        current = request
        socket.write(agreement(key))
      } else {
        text = ''
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${head.startsWith('HEAD') ? '' : 'plain'}`)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    asked,
    open: () => sockets.size,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** An answer that opens the tunnel. */
export function agreement(key: string, accept: string = acceptOf(key)): string {
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}
