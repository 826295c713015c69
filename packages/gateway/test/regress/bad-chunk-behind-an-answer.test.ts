import { expect, it } from 'vitest'
import { openHttp1 } from '../support/http1-caller.ts'

// A body that broke while its answer was still leaving was read again and again, and nothing else was.
it('a body that breaks while its answer leaves costs nobody else anything', async () => {
  const port = await openHttp1(({ method, reply, body }) => {
    if (method === 'GET') {
      reply.send(200, [], 'ok', false)
      return
    }
    reply.head(200, [], 32 * 1024 * 1024)
    for (let piece = 0; piece < 32; piece++) reply.data(Buffer.alloc(1024 * 1024))
    reply.end()
    body.start({ data: () => undefined, end: () => undefined, fail: () => undefined })
  })
  const first = await port.call()
  first.socket.pause()
  first.socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  await expect.poll(() => port.exchanges.length).toBe(1)
  first.socket.write('ZZZZ\r\nmore of it\r\n')
  const second = await port.call()
  second.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await second.sees('ok')
  first.socket.destroy()
  port.close()
})
