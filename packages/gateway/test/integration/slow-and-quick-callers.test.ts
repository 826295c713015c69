import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, startGateway } from './gateway-process.ts'

/** More than the kernel's buffers hold: the gateway keeps pieces for a caller that does not read. */
const slowBytes = 32 * 1024 * 1024
const quickBytes = 256 * 1024
const quickRequests = 100

let upstream: Server
let gateway: GatewayProcess

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const isSlow = request.url?.startsWith('/slow') === true
    const body = Buffer.alloc(isSlow ? slowBytes : quickBytes, isSlow ? 'S' : 'Q')
    if (request.url?.endsWith('sized') === true) response.setHeader('Content-Length', body.length)
    response.end(body)
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  const api = { listen: { path: '/' }, upstream: { targets: [`http://127.0.0.1:${port}`] }, access: 'public' }
  gateway = await startGateway({ workers: 1, config: { version: 1, apis: { a: api } } })
})
afterAll(() => {
  cleanUp()
  upstream.close()
})

function ask(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: gateway.port, path, agent: false }, resolve).once('error', reject)
  })
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  return Buffer.concat(pieces)
}

// Memory of pieces is used again, of all connections alike: never while somebody has not taken them.
it.each(['sized', 'chunked'])(
  'S14 a %s answer that is read late is not overwritten by those read at once',
  async (kind) => {
    const slow = await ask(`/slow-${kind}`)
    for (let request = 0; request < quickRequests; request++) {
      expect((await bodyOf(await ask(`/quick-${kind}`))).equals(Buffer.alloc(quickBytes, 'Q'))).toBe(true)
    }
    expect((await bodyOf(slow)).equals(Buffer.alloc(slowBytes, 'S'))).toBe(true)
  },
  60_000,
)
