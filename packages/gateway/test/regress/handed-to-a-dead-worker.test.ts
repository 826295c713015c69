import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { cleanUp, startGateway, until } from '../integration/gateway-process.ts'

afterEach(cleanUp)

const connections = 32

it('a connection on its way to a worker that dies is ended, not left without an answer for ever', async () => {
  const gateway = await startGateway({ config: { version: 1, apis: {} } })
  const [victim] = (await gateway.status()).workers
  const pid = victim?.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  const waiting = new Set<Socket>()
  for (let count = 0; count < connections; count += 1) {
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n'))
    waiting.add(socket)
    socket.on('data', () => waiting.delete(socket))
    socket.on('error', () => undefined)
    socket.on('close', () => waiting.delete(socket))
  }
  // Both workers get some: those of the stopped one have no answer yet.
  await until(() => waiting.size < connections)
  expect(waiting.size).toBeGreaterThan(0)
  process.kill(pid, 'SIGKILL')
  await until(() => waiting.size === 0)
})
