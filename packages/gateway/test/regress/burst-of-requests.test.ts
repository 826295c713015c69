import { expect, it, vi } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

const requests = 2_000
const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const last = 'GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

// What was left of a burst was copied out of the read buffer anew for each of its requests.
it('requests that come in one burst and wait for each other are copied once', async () => {
  const listener = await openListener(({ reply }) => {
    setImmediate(() => reply.send(200, [], 'ok', false))
  })
  const copy = vi.spyOn(Buffer, 'from')
  const caller = await openWire(listener.port)
  caller.write(request.repeat(requests) + last)
  await caller.closed
  const copiedBytes = copy.mock.calls.reduce((sum, [from]) => sum + (Buffer.isBuffer(from) ? from.length : 0), 0)
  copy.mockRestore()
  expect(caller.unread().split('HTTP/1.1 200').length - 1).toBe(requests + 1)
  expect(copiedBytes).toBeLessThan(10 * request.length * requests)
  await listener.drain(0)
})
