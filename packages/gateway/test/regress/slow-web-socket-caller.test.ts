import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openHttp1 } from '../support/http1-caller.ts'

const handshake =
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

// The limit on callers that take an answer slowly held for tunnels, which have limits of their own.
it('a WebSocket whose caller reads nothing for a while stays open', async () => {
  let isGone = false
  const port = await openHttp1(
    ({ upgrade }) => {
      const user = { data: () => undefined, drained: () => undefined, ended: () => undefined }
      const end = upgrade?.open([], { ...user, gone: () => (isGone = true) })
      end?.write(Buffer.alloc(8 * 1024 * 1024))
    },
    { bytesPerSecond: 1024 * 1024, slowAfterMs: 100 },
  )
  const caller = await port.call()
  caller.socket.pause()
  caller.socket.write(handshake)
  await wait(800)
  expect(isGone).toBe(false)
  caller.socket.destroy()
  await expect.poll(() => isGone).toBe(true)
  port.close()
})
