import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

// A body that broke while its answer was still leaving was read again and again, and nothing else was.
it('a body that breaks while its answer leaves costs nobody else anything', async () => {
  const listener = await openListener(({ method, reply, body }) => {
    if (method === 'GET') {
      reply.send(200, [], 'ok', false)
      return
    }
    reply.head(200, [], 32 * 1024 * 1024)
    for (let piece = 0; piece < 32; piece++) reply.data(Buffer.alloc(1024 * 1024))
    reply.end()
    body.start({ data: () => true, end: () => undefined, fail: () => undefined })
  })
  const first = await openWire(listener.port)
  first.socket.pause()
  first.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  await listener.exchange(0)
  first.write('ZZZZ\r\nmore of it\r\n')
  const second = await openWire(listener.port)
  second.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect((await second.answer()).body).toBe('ok')
  first.destroy()
  second.destroy()
  await listener.drain(0)
})
