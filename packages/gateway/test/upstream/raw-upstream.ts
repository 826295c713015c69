import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'

/** An upstream of exact bytes: sees what arrives, writes what it is told. */
export interface RawUpstream {
  readonly port: number
  readonly sockets: Socket[]
  /** Connections that have ended. */
  closed: number
  readonly close: () => Promise<void>
}

/** `answer` gets each connection's bytes so far and the connection's number; it empties them when it has answered. */
export async function rawUpstream(
  answer: (socket: Socket, received: { text: string }, connection: number) => void,
): Promise<RawUpstream> {
  const sockets: Socket[] = []
  const server: Server = createServer({ noDelay: true }, (socket) => {
    const connection = sockets.push(socket)
    const received = { text: '' }
    socket.on('data', (chunk) => {
      received.text += chunk.toString('latin1')
      answer(socket, received, connection)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      upstream.closed++
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const upstream: RawUpstream = {
    port: (server.address() as AddressInfo).port,
    sockets,
    closed: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return upstream
}

/** An upstream that answers each whole bodiless request with the same bytes. */
export function scripted(bytes: string | ((connection: number) => string)): Promise<RawUpstream> {
  return rawUpstream((socket, received, connection) => {
    while (received.text.includes('\r\n\r\n')) {
      received.text = received.text.slice(received.text.indexOf('\r\n\r\n') + 4)
      socket.write(typeof bytes === 'string' ? bytes : bytes(connection), 'latin1')
    }
  })
}
