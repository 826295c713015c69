import { createServer, get, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'

/** More than the kernel's buffers hold: the gateway keeps pieces for a caller that does not read. */
const slowBytes = 32 * 1024 * 1024
const quickBytes = 256 * 1024
const quickRequests = 100

const slowUploads: (() => void)[] = []
/** The connection that the first request for `/dying` came by. */
let dying: Socket | undefined
let upstream: Server
let gateway: GatewayProcess

beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.url === '/dying' && dying === undefined) {
      dying = request.socket
      return
    }
    if (request.method !== 'GET') {
      // A slow one is read when the quick ones are through.
      if (request.url?.startsWith('/slow') !== true) void tellLetters(request, response)
      else slowUploads.push(() => void tellLetters(request, response))
      return
    }
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
afterAll(async () => {
  await cleanUp()
  upstream.close()
})

function ask(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: gateway.port, path, agent: false }, resolve).once('error', reject)
  })
}

/** Answers with the letters a body is made of, and how many bytes. */
async function tellLetters(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request)
  response.end(`${[...new Set(body)].map((code) => String.fromCharCode(code)).join('')} ${body.length}`)
}

function upload(path: string, body: Buffer, framing: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = framing === 'sized' ? { 'Content-Length': body.length } : { 'Transfer-Encoding': 'chunked' }
    const sent = request({ host: '127.0.0.1', port: gateway.port, path, method: 'POST', headers, agent: false })
    sent.once('error', reject)
    sent.once('response', (response) => void bodyOf(response).then((said) => resolve(said.toString()), reject))
    sent.end(body)
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

it.each(['sized', 'chunked'])(
  'S14 a %s body that the upstream reads late is not overwritten by those it reads at once',
  async (framing) => {
    const slow = upload('/slow', Buffer.alloc(slowBytes, 'S'), framing)
    await until(() => slowUploads.length === 1)
    for (let count = 0; count < quickRequests; count++) {
      const said = await upload('/quick', Buffer.alloc(quickBytes, 'Q'), framing)
      expect(said).toBe(`Q ${quickBytes}`)
    }
    slowUploads.pop()?.()
    expect(await slow).toBe(`S ${slowBytes}`)
  },
  60_000,
)

// All connections are read into one buffer: what waits for its turn must not be left in there.
it('S14 a request that waits behind another on its connection is not overwritten by what others send', async () => {
  const first = `POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst`
  const second = `POST /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecond`
  let said = ''
  const caller = connect({ host: '127.0.0.1', port: gateway.port })
  const isOver = new Promise((resolve) => caller.once('close', resolve))
  caller.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  caller.write(first + second)
  await until(() => slowUploads.length === 1)
  for (let count = 0; count < quickRequests; count++) await upload('/quick', Buffer.alloc(1000, 'Q'), 'sized')
  slowUploads.pop()?.()
  await isOver
  expect(said).toContain('first 5')
  expect(said).toContain('second 6')
})

it('S14 a body that is sent again to another connection is not overwritten by what others send', async () => {
  // A kept connection to the upstream, which may die of the next request.
  await upload('/quick', Buffer.alloc(10, 'Q'), 'sized')
  const caller = connect({ host: '127.0.0.1', port: gateway.port })
  let said = ''
  caller.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  const half = Buffer.alloc(8192, 'A')
  caller.write(`PUT /dying HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${2 * half.length}\r\n\r\n`)
  caller.write(half)
  await until(() => dying !== undefined)
  for (let count = 0; count < 10; count++) await upload('/quick', Buffer.alloc(half.length, 'Q'), 'sized')
  dying?.destroy()
  caller.write(half)
  await until(() => said.endsWith(' 16384'))
  expect(said.split('\r\n\r\n')[1]).toBe('A 16384')
  caller.destroy()
})
