import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { ask } from './ask.ts'
import { createMessageReader } from './load/message-reader.ts'

const mib1 = Buffer.alloc(1_048_576, 'x')
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  servers.push(server)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

const post = { transport: 'http', path: '/', headers: {}, body: mib1 } as const
const refusal = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n'

it('tells a refusal of the head, and writes no body to the one who closed', async () => {
  let bytes = 0
  const port = await listen((socket) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length
      socket.end(`${refusal}no`, () => socket.resetAndDestroy())
    })
  })
  const asked = await ask({ ...post, port })
  expect([asked.status, asked.body.toString()]).toEqual([401, 'no'])
  expect(bytes).toBeLessThan(1_000)
})

it('tells a refusal that came while the body was on its way', async () => {
  const port = await listen((socket) => {
    let isBegun = false
    socket.on('data', () => {
      if (isBegun) socket.end(`${refusal}no`, () => socket.resetAndDestroy())
      isBegun = true
    })
  })
  expect((await ask({ ...post, port })).status).toBe(401)
})

it('tells the status of an answer that is cut off', async () => {
  const port = await listen((socket) => {
    socket.once('data', () => socket.write(`${refusal}n`, () => setTimeout(() => socket.resetAndDestroy(), 50)))
  })
  const asked = await ask({ ...post, port })
  expect([asked.status, asked.body.toString()]).toEqual([401, 'n'])
})

it('sends a body whole to the one who reads it, and fails where nobody answers', async () => {
  const port = await listen((socket) => {
    const read = createMessageReader(() => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nread'))
    socket.on('data', read)
  })
  const asked = await ask({ ...post, port })
  expect([asked.status, asked.body.toString()]).toEqual([200, 'read'])
  const silent = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()))
  await expect(ask({ ...post, port: silent })).rejects.toThrow()
})
