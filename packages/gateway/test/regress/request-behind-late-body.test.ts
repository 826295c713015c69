import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

// An answer that comes before the body starts the connection's last second, which the body's end takes back.

it('a request that comes in one read with the end of a body nobody wanted is not cut off', async () => {
  const listener = await openListener(({ target, reply }) => {
    if (target === '/early') reply.send(401, [], 'no', false)
  })
  const wire = await openWire(listener.port)
  wire.write('POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n')
  expect((await wire.answer()).status).toBe(401)
  wire.write('bytesGET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  const { reply } = await listener.exchange(1)
  await wait(2000)
  reply.send(200, [], 'whole', false)
  expect((await wire.answer()).body).toBe('whole')
  wire.destroy()
  await listener.drain(1000)
})
