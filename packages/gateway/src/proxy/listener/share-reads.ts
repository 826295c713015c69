import { Socket } from 'node:net'

/** A read takes as much as Node's own. */
const readBytes = 64 * 1024
/** One for all connections. */
const buffer: Buffer = Buffer.allocUnsafeSlow(readBytes)

/** What an accepted socket has beyond its types. */
interface Accepted {
  _handle?: { readonly useUserBuffer?: unknown } | null
}

/**
 * Reads an accepted connection into one buffer that all connections share. Node does that for sockets that connect
 * (`onread`) but not for those a server accepts, where each read makes a block of memory: 2.5 us a request, and with large
 * bodies a collection of everything for each 64 MiB. So the connection is given to a socket of our own. The accepted one
 * goes on as the server's record of it, and is destroyed when the connection closes.
 *
 * `read` gets bytes that the next read overwrites. Undefined: this Node keeps its handles elsewhere; nothing was done.
 */
export function shareReads(accepted: Socket, read: (chunk: Buffer) => void): Socket | undefined {
  const record = accepted as unknown as Accepted
  const handle = record._handle
  if (typeof handle?.useUserBuffer !== 'function') return undefined
  record._handle = null
  const callback = (bytes: number): boolean => {
    read(buffer.subarray(0, bytes))
    return true
  }
  const options = { handle, readable: true, writable: true, allowHalfOpen: true, onread: { buffer, callback } }
  const socket = new Socket(options)
  socket.once('close', () => accepted.destroy())
  return socket
}
