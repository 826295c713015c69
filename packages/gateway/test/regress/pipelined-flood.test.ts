import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const piecesMax = 256
/** What the requests of a few reads take, generously; those of all pieces would take a gigabyte. */
const heldBytesMax = 16 * 1024 * 1024

/** Writes 64 KiB of the request at a time until no more is taken, or more is kept than should be. */
async function flood(caller: Socket, text: string): Promise<{ readonly taken: number; readonly heldBytes: number }> {
  const piece = text.repeat(Math.floor((64 * 1024) / text.length))
  const before = process.memoryUsage().heapUsed
  let heldBytes = 0
  let taken = 0
  for (let isTaken = true; isTaken && taken < piecesMax && heldBytes < heldBytesMax; taken++) {
    const written = new Promise<boolean>((resolve) => caller.write(piece, () => resolve(true)))
    isTaken = await Promise.race([written, wait(500, false)])
    heldBytes = Math.max(heldBytes, process.memoryUsage().heapUsed - before)
  }
  return { taken, heldBytes }
}

it('a caller that sends requests behind an unanswered one is read no further than a read or two', async () => {
  const listener = await openListener()
  const wire = await openWire(listener.port)
  wire.write(request)
  const first = await listener.exchange(0)
  const { taken, heldBytes } = await flood(wire.socket, request)
  expect(taken).toBeLessThan(piecesMax)
  expect(heldBytes).toBeLessThan(heldBytesMax)

  first.reply.send(200, [], 'first', false)
  expect((await wire.answer()).body).toBe('first')
  for (let at = 1; at < 5000; at++) (await listener.exchange(at)).reply.send(200, [], String(at), false)
  for (let at = 1; at < 5000; at++) expect((await wire.answer()).body).toBe(String(at))
  wire.destroy()
  await listener.drain(1000)
})

it('requests that are never begun are not counted as going on', async () => {
  const listener = await openListener()
  const wire = await openWire(listener.port)
  wire.write(request.repeat(3))
  await listener.exchange(0)
  expect(await listener.load()).toEqual({ connections: 1, requests: 1 })
  wire.destroy()
  await expect.poll(() => listener.load()).toEqual({ connections: 0, requests: 0 })
  await listener.drain(1000)
})

it('neither are requests with bodies', async () => {
  const listener = await openListener()
  const caller = connect(listener.port, '127.0.0.1')
  caller.write(request)
  await listener.exchange(0)
  const { taken, heldBytes } = await flood(caller, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx')
  expect(taken).toBeLessThan(piecesMax)
  expect(heldBytes).toBeLessThan(heldBytesMax)
  caller.destroy()
  await listener.drain(1000)
})
