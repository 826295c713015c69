import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

const ask = 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'
const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

const uncaught = vi.fn()
const others = process.listeners('uncaughtException')
afterEach(() => {
  process.off('uncaughtException', uncaught)
  for (const other of others) process.on('uncaughtException', other)
})

it('a CONNECT whose caller resets the connection brings nothing down', async () => {
  process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught)
  const listener = await openListener()
  for (let round = 0; round < 40; round++) {
    const wire = await openWire(listener.port)
    wire.write(ask)
    await wait(round % 3)
    wire.socket.resetAndDestroy()
  }
  await expect.poll(async () => (await listener.load()).connections).toBe(0)
  expect(uncaught).not.toHaveBeenCalled()
  await listener.drain(1000)
})

it('a request before a CONNECT is answered in full, also to a caller that reads slowly', async () => {
  process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught)
  const piece = Buffer.alloc(256 * 1024)
  const listener = await openListener()
  const caller = connect(listener.port, '127.0.0.1')
  caller.write(get + ask)
  const { reply } = await listener.exchange(0)
  const all = 64
  let left = all
  const go = (): void => {
    while (left > 0) {
      left -= 1
      if (!reply.data(piece)) return
    }
    reply.end()
  }
  reply.head(200, [], all * piece.length)
  reply.onDrain(go)
  go()
  expect(left).toBeGreaterThan(0)
  let end = ''
  caller.on('data', (chunk) => {
    end = (end + chunk.toString('latin1')).slice(-100)
  })
  await once(caller, 'close')
  expect(caller.bytesRead).toBeGreaterThan(all * piece.length)
  expect(end).toContain('HTTP/1.1 400 connect\r\n')
  expect(uncaught).not.toHaveBeenCalled()
  await listener.drain(1000)
})
