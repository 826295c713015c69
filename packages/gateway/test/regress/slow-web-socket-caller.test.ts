import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

const handshake =
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

// The limit on callers that take an answer slowly held for tunnels, which have limits of their own.
it('a WebSocket whose caller reads nothing for a while stays open', async () => {
  let isGone = false
  const listener = await openListener(
    ({ upgrade }) => {
      const user = { data: () => undefined, drained: () => undefined, ended: () => undefined }
      const end = upgrade?.open([], { ...user, gone: () => (isGone = true) })
      end?.write(Buffer.alloc(8 * 1024 * 1024))
    },
    { bytesPerSecond: 1024 * 1024, slowAfterMs: 100 },
  )
  const caller = await openWire(listener.port)
  caller.socket.pause()
  caller.write(handshake)
  await wait(2_000)
  expect(isGone).toBe(false)
  caller.destroy()
  await expect.poll(() => isGone).toBe(true)
  await listener.drain(0)
})
