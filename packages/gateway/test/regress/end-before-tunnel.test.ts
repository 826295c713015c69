import { expect, it } from 'vitest'
import { openListener } from '../support/open-listener.ts'
import { openWire } from '../support/wire-caller.ts'

// Nobody reads a connection while the upstream is asked about its handshake, and the end is told once.

const handshake =
  'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

it.each(['', 'frame'])(
  'the end a caller sends before its tunnel opens (behind: %s) reaches the tunnel',
  async (behind) => {
    const listener = await openListener()
    const wire = await openWire(listener.port)
    wire.write(handshake + behind)
    const { upgrade } = await listener.exchange(0)
    wire.socket.end()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const said: string[] = []
    upgrade?.open(['X', 'y'], {
      data: (chunk) => void said.push(chunk.toString()),
      drained: () => undefined,
      ended: () => void said.push('end'),
      gone: () => void said.push('gone'),
    })
    await expect.poll(() => said.join()).toBe(behind === '' ? 'end' : 'frame,end')
    wire.destroy()
    await listener.drain(1000)
  },
)
