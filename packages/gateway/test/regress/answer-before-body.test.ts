import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

const put = (bytes: number, headers = ''): string =>
  `PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n${headers}\r\n`
const unread = { data: () => true, end: () => undefined, fail: () => undefined }

it('an answer that came before the body ended is not cut off because its caller reads slowly', async () => {
  const listener = await openListener()
  const caller = connect(listener.port, '127.0.0.1')
  caller.write(put(100_000_000))
  const { body, reply } = await listener.exchange(0)
  body.start(unread)
  const answer = Buffer.alloc(16 * 1024 * 1024, 97)
  reply.head(200, [], answer.length)
  reply.data(answer)
  reply.end()
  // Longer than a caller gets to read what has left already.
  await wait(2_000)
  caller.resume()
  await once(caller, 'close')
  expect(caller.bytesRead).toBeGreaterThan(answer.length)
  await listener.drain(1000)
})

it('a body whose reading was paused when its request was refused is read away, and the next request answered', async () => {
  const listener = await openListener()
  const wire = await openWire(listener.port)
  wire.write(put(60_000))
  const { body, reply } = await listener.exchange(0)
  body.start(unread)
  wire.write('abc')
  await wait(20)
  body.pause()
  reply.send(502, [], 'refused', false)
  expect((await wire.answer()).body).toBe('refused')
  for (let left = 59_997; left > 0; left -= 20_000) {
    wire.write('x'.repeat(Math.min(left, 20_000)))
    await wait(20)
  }
  wire.write('GET /next HTTP/1.1\r\nHost: x\r\n\r\n')
  const next = await listener.exchange(1)
  next.reply.send(200, [], 'next', false)
  expect((await wire.answer()).body).toBe('next')
  wire.destroy()
  await listener.drain(1000)
})

it.each([
  ['a body of known size', put(100_000_000, 'Connection: close\r\n'), 'x'],
  ['a body that broke its framing', 'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', 'zz\r\n'],
])('the answer to %s is not lost to a reset while its caller still writes', async (_what, head, start) => {
  const listener = await openListener()
  const wire = await openWire(listener.port)
  wire.socket.pause()
  wire.write(head)
  const { body, reply } = await listener.exchange(0)
  body.start({ ...unread, fail: () => reply.send(400, [], 'broken', true) })
  for (let piece = 0; piece < 64; piece++) wire.write(piece === 0 ? start : 'x'.repeat(64 * 1024))
  if (start === 'x') {
    reply.head(413, [], 5)
    reply.data(Buffer.from('large'))
    reply.end()
  }
  await wait(300)
  wire.socket.resume()
  expect((await wire.answer()).status).toBe(start === 'x' ? 413 : 400)
  await wire.closed
  wire.destroy()
  await listener.drain(1000)
})
