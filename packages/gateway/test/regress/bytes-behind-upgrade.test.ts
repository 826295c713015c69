import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OpenListener, openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

// Node's parser stops behind a request that asks for an upgrade and drops the rest of what it had read.

const upgrade = 'GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
const post = (body: string): string => `POST /next HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const hidden = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n'

let listener: OpenListener
beforeAll(async () => {
  listener = await openListener(({ reply, target }) => reply.send(200, [], target, false))
})
afterAll(() => listener.drain(1000))

it('a request behind one that asks for an upgrade is not begun halfway: the answer ends the connection', async () => {
  const wire = await openWire(listener.port)
  wire.write(upgrade + post('x'.repeat(1000)).slice(0, 500))
  const answer = await wire.answer()
  wire.write(hidden)
  expect(answer.headers.get('connection')).toEqual(['close'])
  await wire.closed
  expect(wire.unread()).toBe('')
  expect(listener.exchanges.map(({ target }) => target)).not.toContain('/hidden')
})

it('one that asks for an upgrade behind another request ends the connection too', async () => {
  const wire = await openWire(listener.port)
  wire.write(post('x') + upgrade + hidden)
  expect((await wire.answer()).headers.get('connection')).toEqual(['keep-alive'])
  expect((await wire.answer()).headers.get('connection')).toEqual(['close'])
  await wire.closed
  expect(wire.unread()).toBe('')
})

it('with nothing behind it the connection is kept', async () => {
  const wire = await openWire(listener.port)
  for (let round = 0; round < 3; round++) {
    wire.write(upgrade)
    expect((await wire.answer()).headers.get('connection')).toEqual(['keep-alive'])
    wire.write(post('y'))
    expect((await wire.answer()).body).toBe('/next')
  }
  wire.destroy()
})
