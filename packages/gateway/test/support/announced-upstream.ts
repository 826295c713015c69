import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Header that carries the nonce of a request the upstream was told to expect. */
export const nonceHeader = 'x-test-nonce'

/** A request as it reached the upstream. */
export interface ReceivedRequest {
  readonly method: string
  readonly target: string
  /** Names in lower case; lists as node:http joins them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** An upstream that tells requests it was promised from everything else. */
export interface AnnouncedUpstream {
  readonly port: number
  readonly url: string
  /** Promises one request with this nonce; a second one with it is unexpected. */
  readonly announce: (nonce: string) => void
  /** What arrived though nobody promised it: a test run with any of these has failed. */
  readonly unexpected: () => readonly string[]
  readonly received: (nonce: string) => ReceivedRequest | undefined
  readonly close: () => Promise<void>
}

/** Starts an upstream on loopback that answers announced requests with 200 and their nonce, all others with 599. */
export async function startAnnouncedUpstream(): Promise<AnnouncedUpstream> {
  const announced = new Set<string>()
  const received = new Map<string, ReceivedRequest>()
  const unexpected: string[] = []

  const server = createServer((request, response) => answer(request, response))
  server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
    // A pooled connection that ends between two requests brings no bytes and means nothing.
    if (error.rawPacket !== undefined)
      unexpected.push(`unreadable: ${error.rawPacket.subarray(0, 200).toString('latin1')}`)
    socket.destroy()
  })
  for (const event of ['upgrade', 'connect'] as const) {
    server.on(event, (request, socket) => {
      unexpected.push(`${event}: ${request.method} ${request.url}`)
      socket.destroy()
    })
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = request
    const nonce = headers[nonceHeader]
    const expected = typeof nonce === 'string' && announced.delete(nonce)
    if (!expected) unexpected.push(`${method} ${target} nonce ${nonce}${received.has(String(nonce)) ? ' (again)' : ''}`)
    let body = ''
    request.setEncoding('utf8')
    try {
      for await (const chunk of request) body += chunk
    } catch {
      // The gateway gave the request up: nobody is left to answer.
      return
    }
    if (expected) received.set(nonce, { method, target, headers, body })
    response.writeHead(expected ? 200 : 599, { 'Content-Type': 'text/plain' }).end(String(nonce))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    announce: (nonce) => void announced.add(nonce),
    unexpected: () => unexpected,
    received: (nonce) => received.get(nonce),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
