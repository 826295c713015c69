import type { Socket } from 'node:net'
import type { TunnelEnd, TunnelUser } from '../exchange.ts'
import { headerLines } from '../head/header-lines.ts'

/** Answers 101 on a connection that nobody else reads. `behind` came behind the request: it is the tunnel's. */
export function openTunnel(socket: Socket, rawHeaders: readonly string[], behind: Buffer, user: TunnelUser): TunnelEnd {
  const head = `HTTP/1.1 101 Switching Protocols\r\n${headerLines(rawHeaders)}`
  socket.setTimeout(0)
  // The end of one direction is not the end of the other; TLS sockets would make it so.
  socket.allowHalfOpen = true
  socket.write(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, 'latin1')
  socket.on('drain', () => user.drained())
  socket.on('end', () => user.ended())
  socket.on('close', () => user.gone())
  // Their flow begins when both ends are joined. A caller that ended its direction before that is heard no more of.
  if (socket.readableEnded) setImmediate(sayEnd, socket, behind, user)
  else if (behind.length > 0) socket.unshift(behind)
  socket.on('data', (chunk: Buffer) => user.data(chunk))
  socket.resume()
  return {
    write: (chunk) => socket.write(chunk),
    end: () => void socket.end(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  }
}

function sayEnd(socket: Socket, behind: Buffer, user: TunnelUser): void {
  if (socket.destroyed) return
  if (behind.length > 0) user.data(behind)
  user.ended()
}
