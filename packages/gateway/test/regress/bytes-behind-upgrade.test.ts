import { afterAll, beforeAll, expect, it } from 'vitest'
import { type OpenListener, openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

// Node's parser stops behind a request that asks for an upgrade; what it had read beyond must not be lost.

const upgrade = 'GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
const post = (body: string): string => `POST /next HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const last = 'GET /last HTTP/1.1\r\nHost: x\r\n\r\n'

let listener: OpenListener
beforeAll(async () => {
  listener = await openListener(({ reply, target }) => reply.send(200, [], target, false))
})
afterAll(() => listener.drain(1000))

it('a request behind one that asks for an upgrade is read whole, wherever a read ended', async () => {
  const bytes = upgrade + post('x'.repeat(300)) + upgrade + last
  for (const cut of [upgrade.length - 1, upgrade.length, upgrade.length + 1, upgrade.length + 90, bytes.length - 1]) {
    const wire = await openWire(listener.port)
    wire.write(bytes.slice(0, cut))
    await new Promise((resolve) => setTimeout(resolve, 20))
    wire.write(bytes.slice(cut))
    const bodies: string[] = []
    while (bodies.length < 4) bodies.push((await wire.answer()).body)
    expect(bodies).toEqual(['/upgrade', '/next', '/upgrade', '/last'])
    wire.destroy()
  }
})

it('one that asks for an upgrade waits until the requests before it are answered', async () => {
  const waiting: (() => void)[] = []
  const slow = await openListener(({ reply, target }) => void waiting.push(() => reply.send(200, [], target, false)))
  const wire = await openWire(slow.port)
  wire.write(post('x') + upgrade + last)
  await slow.exchange(0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(slow.exchanges.map(({ target }) => target)).toEqual(['/next'])
  for (const target of ['/next', '/upgrade', '/last']) {
    while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    waiting.shift()?.()
    expect((await wire.answer()).body).toBe(target)
  }
  wire.destroy()
  await slow.drain(1000)
})

it('a body that comes with the wish is the body', async () => {
  const wire = await openWire(listener.port)
  const wish = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'
  wire.write(`POST /sized HTTP/1.1\r\nHost: x\r\n${wish}Content-Length: ${last.length}\r\n\r\n${last}`)
  wire.write(`POST /chunked HTTP/1.1\r\nHost: x\r\n${wish}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
  expect((await wire.answer()).body).toBe('/sized')
  expect((await wire.answer()).body).toBe('/chunked')
  expect(listener.exchanges.at(-1)?.body.kind).toBe('chunked')
  wire.destroy()
})

it('the connection is kept, and no listener is left on it however often it happens', async () => {
  const warned: string[] = []
  const hear = (warning: Error): void => void warned.push(warning.message)
  process.on('warning', hear)
  const wire = await openWire(listener.port)
  for (let round = 0; round < 30; round++) {
    wire.write(upgrade)
    expect((await wire.answer()).headers.get('connection')).toEqual(['keep-alive'])
    wire.write(post('y'))
    expect((await wire.answer()).body).toBe('/next')
  }
  wire.destroy()
  process.off('warning', hear)
  expect(warned).toEqual([])
})
