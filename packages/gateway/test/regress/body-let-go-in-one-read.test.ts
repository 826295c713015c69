import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openHttp1 } from '../support/http1-caller.ts'

// The read that crossed the bound on unwanted bodies held the body's end, too: the connection stayed paused.
it('a connection whose unwanted body just outgrew the bound takes the next request', async () => {
  const port = await openHttp1(({ method, body, reply }) => {
    if (method === 'POST') body.start({ data: () => undefined, end: () => undefined, fail: () => undefined })
    reply.head(200, [], 2)
    reply.data(Buffer.from('ok'))
    reply.end()
  })
  const caller = await port.call()
  caller.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n')
  await caller.sees('ok')
  caller.socket.write(Buffer.alloc(60_000))
  await wait(50)
  caller.socket.write(Buffer.alloc(10_000))
  await wait(50)
  caller.socket.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => caller.text().match(/HTTP\/1\.1 200/g)?.length).toBe(2)
  port.close()
})
