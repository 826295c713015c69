import { type AddressInfo, createServer, type Socket } from 'node:net'
import { ack, frame, frameType, settings } from '../support/http2-frames.ts'

/** One HTTP/2 connection of a caller, frame by frame. */
export interface RawH2Connection {
  readonly socket: Socket
  /** Counted from 1. */
  readonly number: number
  readonly write: (...frames: readonly Buffer[]) => void
}

export interface RawH2Upstream {
  readonly port: number
  readonly connections: readonly RawH2Connection[]
  /** Error codes of resets the gateway sent. */
  readonly resets: readonly number[]
  readonly close: () => Promise<void>
}

const prefaceBytes = 24

/** An HTTP/2 upstream that writes the frames it is told: `answer` is called for each request's HEADERS. */
export async function rawH2Upstream(
  answer: (connection: RawH2Connection, stream: number) => void,
  own: Buffer = settings(),
): Promise<RawH2Upstream> {
  const connections: RawH2Connection[] = []
  const resets: number[] = []
  const server = createServer({ noDelay: true }, (socket) => {
    const write = (...frames: readonly Buffer[]): void => void socket.write(Buffer.concat(frames))
    const connection = { socket, number: connections.length + 1, write }
    connections.push(connection)
    let rest: Buffer = Buffer.alloc(0)
    let greeted = false
    write(own)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      if (!greeted && rest.length < prefaceBytes) return
      if (!greeted) rest = rest.subarray(prefaceBytes)
      greeted = true
      while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const length = rest.readUIntBE(0, 3)
        const [type = 0, flags = 0] = [rest[3], rest[4]]
        const stream = rest.readUInt32BE(5) & 0x7fffffff
        const payload = rest.subarray(9, 9 + length)
        rest = rest.subarray(9 + length)
        if (type === frameType.settings && (flags & ack) === 0) write(frame(frameType.settings, ack, 0))
        if (type === frameType.rstStream) resets.push(payload.readUInt32BE(0))
        if (type === frameType.headers) answer(connection, stream)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    resets,
    close: async () => {
      for (const { socket } of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** GOAWAY (RFC 9113 6.8). */
export function goaway(lastStream: number, code: number): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeUInt32BE(lastStream, 0)
  payload.writeUInt32BE(code, 4)
  return frame(frameType.goaway, 0, 0, payload)
}

/** DATA (RFC 9113 6.1). */
export function dataFrame(stream: number, text: string, flags = 0): Buffer {
  return frame(frameType.data, flags, stream, Buffer.from(text, 'latin1'))
}
