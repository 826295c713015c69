import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

// The read that crossed the bound on unwanted bodies held the body's end, too: the connection stayed paused.
it('a connection whose unwanted body just outgrew the bound takes the next request', async () => {
  const listener = await openListener(({ method, body, reply }) => {
    if (method === 'POST') body.start({ data: () => true, end: () => undefined, fail: () => undefined })
    reply.head(200, [], 2)
    reply.data(Buffer.from('ok'))
    reply.end()
  })
  const caller = await openWire(listener.port)
  caller.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n')
  expect((await caller.answer()).body).toBe('ok')
  caller.socket.write(Buffer.alloc(60_000))
  await wait(50)
  caller.socket.write(Buffer.alloc(10_000))
  await wait(50)
  caller.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  expect((await caller.answer()).body).toBe('ok')
  caller.destroy()
  await listener.drain(0)
})
