import { expect, it } from 'vitest'
import { createConnectionBounds } from '../../src/proxy/listener/connection-bounds.ts'
import { listen } from '../../src/proxy/listener/listener.ts'
import { plainListener } from '../fixtures/limits.ts'
import { openWire } from '../support/wire-caller.ts'

// A request that asks for an upgrade hands its connection to node:http once more, which tells of it as of a new one.

it('a connection counts once towards the bounds, however many of its requests ask for an upgrade', async () => {
  const counts = { connections: 0, connectionsPerAddress: 0 }
  const bounds = createConnectionBounds({
    limits: () => ({ connections: 2, connectionsPerAddress: 2 }),
    isTrustedProxy: () => false,
    counts,
    onRefused: () => undefined,
  })
  const listener = await listen(
    {
      handle: ({ reply }) => reply.send(200, [], 'ok', false),
      refuse: () => undefined,
      refuseRaw: () => '',
    },
    {
      ...{ address: '127.0.0.1', port: 0, exclusive: true, reusePort: false, listener: 0, tls: undefined },
      ...plainListener,
      bounds,
    },
  )
  for (let round = 0; round < 3; round++) {
    const wire = await openWire(listener.port)
    for (let at = 0; at < 4; at++) {
      wire.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
      expect((await wire.answer()).body).toBe('ok')
    }
    const other = await openWire(listener.port)
    other.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect((await other.answer()).body).toBe('ok')
    const closed = [wire, other].map(({ socket }) => new Promise((resolve) => socket.on('close', resolve)))
    wire.socket.end()
    other.socket.end()
    await Promise.all(closed)
  }
  expect(counts).toEqual({ connections: 0, connectionsPerAddress: 0 })
  await listener.drain(1000)
})
