import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { until } from '../integration/gateway-process.ts'
import { createFrameReader, type Frame, frame, opcodes } from './web-socket-frames.ts'

/** A WebSocket client that shows every byte. */
export interface WebSocketCaller {
  readonly socket: Socket
  readonly status: number
  /** Head of the answer, and what followed it when it is no 101. */
  readonly answer: () => string
  readonly frames: readonly Frame[]
  /** The nth frame, counted from 0, once it is there. */
  readonly frame: (at: number) => Promise<Frame>
  readonly send: (text: string) => void
  readonly hasEnded: () => boolean
  readonly isClosed: () => boolean
}

export interface Handshake {
  readonly port: number
  readonly path: string
  readonly lines?: readonly string[]
  /** Lines in place of the usual ones of a handshake. */
  readonly handshake?: readonly string[]
  readonly method?: string
  readonly version?: string
  /** What leaves in the same write, behind the request. */
  readonly behind?: Buffer
  /** A connection that is open already. */
  readonly socket?: Socket
}

/** Sixteen bytes, new ones for each connection. */
export function newKey(): string {
  return randomBytes(16).toString('base64')
}

export function usualLines(key: string = newKey()): readonly string[] {
  return ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Key: ${key}`, 'Sec-WebSocket-Version: 13']
}

/** Sends a handshake and waits for the head of the answer. */
export async function openWebSocket(wish: Handshake): Promise<WebSocketCaller> {
  const socket = wish.socket ?? connect({ port: wish.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  const reader = createFrameReader()
  const frames: Frame[] = []
  let head = ''
  let status = 0
  let ended = false
  let closed = false
  socket.on('error', () => undefined)
  socket.on('end', () => {
    ended = true
  })
  socket.on('close', () => {
    closed = true
  })
  socket.on('data', (chunk) => {
    if (status === 101) {
      frames.push(...reader(chunk))
      return
    }
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1 || status !== 0) return
    status = Number(head.slice(9, 12))
    if (status !== 101) return
    const rest = Buffer.from(head.slice(end + 4), 'latin1')
    head = head.slice(0, end + 4)
    frames.push(...reader(rest))
  })
  const { method = 'GET', version = 'HTTP/1.1', handshake = usualLines(), lines = [] } = wish
  const request = [`${method} ${wish.path} ${version}`, 'Host: gateway.test', ...handshake, ...lines, '', '']
  socket.write(Buffer.concat([Buffer.from(request.join('\r\n'), 'latin1'), wish.behind ?? Buffer.alloc(0)]))
  await until(() => status !== 0 || closed)
  return {
    socket,
    get status() {
      return status
    },
    answer: () => head,
    frames,
    frame: (at) => until(() => frames[at]),
    send: (text) => void socket.write(frame(opcodes.text, text, true)),
    hasEnded: () => ended || closed,
    isClosed: () => closed,
  }
}
