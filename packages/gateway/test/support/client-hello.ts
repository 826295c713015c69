import { createServer } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'

/** What OpenSSL sends first with these options: a ClientHello, whole. */
export function clientHello(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        socket.destroy()
        server.close(() => resolve(bytes))
      })
      socket.on('error', () => undefined)
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      connect({ host: '127.0.0.1', port, ...options }).on('error', () => undefined)
    })
  })
}
