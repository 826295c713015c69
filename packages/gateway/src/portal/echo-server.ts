import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface EchoServer {
  readonly close: () => void
}

const bodyBytesMax = 64 * 1024 * 1024

/**
 * The demo's upstream on a Unix socket: answers every request with what it received, as JSON. It takes the place of one
 * that was killed and left its socket there.
 */
export function serveEcho(socketPath: string): Promise<EchoServer> {
  rmSync(socketPath, { force: true })
  const server = createServer(echo)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => {
      resolve({
        close: () => {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  let bodyBytes = 0
  request.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length
    if (bodyBytes > bodyBytesMax) request.destroy()
  })
  request.on('error', () => undefined)
  request.on('end', () => {
    const { method, url = '', rawHeaders } = request
    const [path, query] = splitOnce(url, '?')
    const text = `${JSON.stringify({ method, path, query, headers: pair(rawHeaders), bodyBytes }, undefined, 2)}\n`
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    response.end(text)
  })
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** Names and values in turn, as pairs: a name may come twice. */
function pair(rawHeaders: readonly string[]): (readonly [string, string])[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : []))
}
