import { afterEach, beforeEach, expect, it } from 'vitest'
import { callWithFrames, endHeaders, errorCode, frame, frameType, headers, settings } from '../support/http2-frames.ts'
import { type Http2Listener, listenHttp2 } from '../support/http2-listener.ts'

// A session that is ended within a frame is still given the frames behind it, and Node 22 aborts at their content.

const post = [':method', 'POST', ':scheme', 'http', ':path', '/wait', ':authority', 'a.test']
const content = (id: number): Buffer => frame(frameType.data, 0, id, Buffer.from('content'))
const ids = [1, 3, 5, 7, 9]
const open = ids.map((id) => headers(id, post, endHeaders))

let listener: Http2Listener
beforeEach(async () => {
  listener = await listenHttp2()
})
afterEach(() => listener.close())

async function sendAtOnce(frames: readonly Buffer[]): Promise<number | 'end'> {
  const caller = await callWithFrames(listener.port)
  caller.write(...open, ...frames, ...ids.map(content), headers(11, post, endHeaders), content(11))
  const ending = await caller.ending()
  await caller.closed
  return ending
}

it.each([
  ['PING', frame(frameType.ping, 0, 0, Buffer.alloc(8))],
  ['SETTINGS', settings()],
])('content behind a flood of %s does no harm, and no request behind it is begun', async (_what, flood) => {
  expect(await sendAtOnce(Array.from({ length: 60 }, () => flood))).toBe(errorCode.calm)
  expect(listener.refused).toHaveLength(1)
  expect(listener.seen).toHaveLength(ids.length)
  expect(listener.gone.count).toBe(ids.length)
  expect(listener.sessions.load()).toEqual({ sessions: 0, requests: 0 })
})

it('neither does content behind a GOAWAY with an error', async () => {
  const goaway = frame(frameType.goaway, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, 2]))
  expect(await sendAtOnce([goaway])).toBe('end')
  await expect.poll(() => listener.sessions.load()).toEqual({ sessions: 0, requests: 0 })
  expect(listener.gone.count).toBe(listener.seen.length)
})
