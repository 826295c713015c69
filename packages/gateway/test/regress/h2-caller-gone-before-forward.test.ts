import { expect, it } from 'vitest'
import { callWithFrames, errorCode, headers, rstStream } from '../support/http2-frames.ts'
import { listenHttp2 } from '../support/http2-listener.ts'

// While a token waits for its key or its introspection, nobody listens to the stream yet.

it('whoever asks after the stream was reset is told at once', async () => {
  const listener = await listenHttp2()
  const caller = await callWithFrames(listener.port)
  caller.write(headers(1, [':method', 'GET', ':scheme', 'http', ':path', '/wait', ':authority', 'a.test']))
  await expect.poll(() => listener.waiting.length).toBe(1)
  caller.write(rstStream(1, errorCode.cancel))
  await expect.poll(() => listener.sessions.load().requests).toBe(0)
  let gone = 0
  listener.waiting[0]?.reply.onGone(() => {
    gone += 1
  })
  expect(gone).toBe(1)
  caller.socket.destroy()
  await listener.close()
})
