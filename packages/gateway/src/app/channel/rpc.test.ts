import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { encodeFrame } from './frames.ts'
import type { Handlers, Peer, PeerOptions, Side } from './rpc.ts'
import { createPeer } from './rpc.ts'

interface Echo extends Side {
  readonly calls: {
    readonly echo: { readonly params: string; readonly answer: string }
    readonly hang: { readonly params: null; readonly answer: null }
    readonly throws: { readonly params: null; readonly answer: null }
  }
  readonly notes: { readonly told: string }
}

/** Two ends of a pipe; `reading: false` makes an end whose bytes nobody takes. */
function pipe(): { readonly a: Duplex; readonly b: Duplex; stopReading: () => void } {
  let reading = true
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        if (!reading) return
        other().push(chunk)
        done()
      },
      destroy(_error, done) {
        if (!other().destroyed) other().push(null)
        done(null)
      },
    })
  const a: Duplex = end(() => b)
  const b: Duplex = end(() => a)
  return {
    a,
    b,
    stopReading: () => {
      reading = false
    },
  }
}

function world(overrides: Partial<PeerOptions<Echo>> = {}) {
  const { a, b, stopReading } = pipe()
  const told: string[] = []
  const bugs: unknown[] = []
  const timers = new Set<() => void>()
  const handlers: Handlers<Echo> = {
    calls: {
      echo: (text) => text,
      hang: () => new Promise(() => {}),
      throws: () => {
        throw new Error('bug')
      },
    },
    notes: { told: (text) => void told.push(text) },
  }
  const options = (stream: Duplex): PeerOptions<Echo> => ({
    stream,
    handlers,
    unreadBytesMax: 1000,
    callsMax: 4,
    setTimer: (run) => {
      timers.add(run)
      return () => timers.delete(run)
    },
    onBug: (error) => bugs.push(error),
    ...overrides,
  })
  const near: Peer<Echo> = createPeer(options(a))
  createPeer<Echo, Echo>(options(b))
  return { near, far: b, told, bugs, timers, stopReading }
}

describe('calls between processes', () => {
  it('an answer finds its own question when several are open', async () => {
    const { near, timers } = world()
    const answers = await Promise.all(['one', 'two', 'three'].map((text) => near.call('echo', text, 1000)))
    expect(answers).toEqual(['one', 'two', 'three'].map((value) => ({ ok: true, value })))
    expect(timers.size).toBe(0)
  })

  it('a note arrives and is not answered', async () => {
    const { near, told } = world()
    expect(near.note('told', 'news')).toBe(true)
    await near.call('echo', '', 1000)
    expect(told).toEqual(['news'])
  })

  it('a call whose limit passes is answered timeout', async () => {
    const { near, timers } = world()
    const answer = near.call('hang', null, 1000)
    for (const fire of timers) fire()
    expect(await answer).toEqual({ ok: false, error: 'timeout' })
  })

  it('a handler that throws fails its own call, is reported, and leaves the connection usable', async () => {
    const { near, bugs } = world()
    expect(await near.call('throws', null, 1000)).toEqual({ ok: false, error: 'failed' })
    expect(bugs).toHaveLength(1)
    expect(await near.call('echo', 'still here', 1000)).toEqual({ ok: true, value: 'still here' })
  })

  it('calls beyond the bound fail at once instead of queueing', async () => {
    const { near } = world()
    for (let index = 0; index < 4; index += 1) void near.call('hang', null, 1000)
    expect(await near.call('echo', 'x', 1000)).toEqual({ ok: false, error: 'busy' })
  })

  it('while the other side does not read, what is held for it stays bounded and calls fail at once', async () => {
    const { near, stopReading } = world({ callsMax: 1_000_000 })
    stopReading()
    const text = 'x'.repeat(100)
    let sent = 0
    while (near.note('told', text)) sent += 1
    expect(sent).toBeLessThan(12)
    expect(await near.call('echo', 'x', 1000)).toEqual({ ok: false, error: 'busy' })
  })

  it('when the connection goes, every open call is answered closed', async () => {
    const { near, far } = world()
    const answer = near.call('hang', null, 1000)
    far.destroy()
    expect(await answer).toEqual({ ok: false, error: 'closed' })
    await near.closed
    expect(near.note('told', 'x')).toBe(false)
  })

  it('a stream that is not frames is closed', async () => {
    const { near, far } = world()
    far.write(encodeFrame('fine'))
    far.write(Buffer.of(255, 255, 255, 255))
    await near.closed
  })
})
