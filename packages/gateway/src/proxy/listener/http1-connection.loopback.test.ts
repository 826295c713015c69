import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type OpenListener, openListener } from '../../../test/support/open-listener.ts'
import { openWire, type Wire } from '../../../test/support/wire-caller.ts'
import type { ByteSink, Exchange } from '../exchange.ts'

const get = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
const ignoring: ByteSink = { data: () => true, end: () => undefined, fail: () => undefined }
const ok = ({ reply }: Exchange): void => reply.send(200, [], 'ok', false)

let listener: OpenListener
afterEach(() => listener.drain(0))

const call = (): Promise<Wire> => openWire(listener.port)

async function sees(caller: Wire, part: string): Promise<void> {
  await expect.poll(() => caller.unread()).toContain(part)
}

describe('requests on one connection', () => {
  it('sent at once are answered in order, each when the one before has left', async () => {
    listener = await openListener(({ target, reply }) => setTimeout(() => reply.send(200, [], target, false), 2))
    const caller = await call()
    const targets = Array.from({ length: 60 }, (_, at) => `/t${at}.`)
    caller.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
    await sees(caller, '/t59.')
    expect([...caller.unread().matchAll(/\/t\d+\./g)].map(([target]) => target)).toEqual(targets)
    expect((await listener.load()).requests).toBe(0)
  })

  it('that come byte by byte are the same', async () => {
    const seen: string[] = []
    listener = await openListener(({ body, reply }) => {
      let text = ''
      const end = (): void => {
        seen.push(text)
        reply.send(200, [], `got ${text}.`, false)
      }
      if (body.kind === 'none') end()
      else {
        const data = (chunk: Buffer): boolean => {
          text += chunk.toString()
          return true
        }
        body.start({ data, end, fail: () => undefined })
      }
    })
    const caller = await call()
    const bytes = `POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n${get}`
    for (const byte of bytes) {
      caller.write(byte)
      await wait(0)
    }
    await sees(caller, 'got .')
    expect(seen).toEqual(['abcde', ''])
  })

  it('an empty line behind a body makes nobody wait for a head', async () => {
    listener = await openListener(ok, { headTimeoutMs: 100, idleTimeoutMs: 60_000 })
    const caller = await call()
    caller.write(`${get}\r\n`)
    await sees(caller, 'ok')
    // Several times the time limits have been looked after.
    await wait(1_500)
    caller.write(get)
    await expect.poll(() => listener.exchanges.length).toBe(2)
    expect(caller.unread()).not.toContain('400')
  })
})

describe('an answer', () => {
  it('that was given already is not given again: the next request would get it', async () => {
    listener = await openListener(ok)
    const caller = await call()
    caller.write(get)
    await sees(caller, 'ok')
    const reply = listener.exchanges[0]?.reply
    expect(() => reply?.send(500, [], 'again', false)).toThrow('twice')
    expect(() => reply?.head(500, [], 0)).toThrow('twice')
    expect(() => reply?.data(Buffer.from('again'))).toThrow('twice')
    reply?.abort()
    reply?.end()
    caller.write(get)
    await expect.poll(() => caller.unread().match(/HTTP\/1\.1 200/g)?.length).toBe(2)
    expect(caller.unread()).not.toContain('again')
  })

  it('to HTTP/1.0 that breaks off is a reset: its end would make it whole', async () => {
    listener = await openListener(({ reply }) => {
      reply.head(200, [], undefined)
      reply.data(Buffer.from('half'))
    })
    const caller = await call()
    caller.write('GET /a HTTP/1.0\r\n\r\n')
    await sees(caller, 'half')
    const broken = once(caller.socket, 'error')
    listener.exchanges[0]?.reply.abort()
    expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' })
  })

  it('that does not want a withheld body ends the connection', async () => {
    listener = await openListener(({ reply }) => {
      reply.head(204, [], undefined)
      reply.end()
    })
    const caller = await call()
    caller.write('POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
    await sees(caller, 'Connection: close')
    caller.write(get)
    await caller.closed
    expect(listener.exchanges).toHaveLength(1)
  })

  it('its caller took too slowly says so to whoever made it', async () => {
    const gone: unknown[] = []
    listener = await openListener(
      ({ body, reply }) => {
        body.start({ ...ignoring, fail: (reject) => gone.push(['body', reject?.reason]) })
        reply.onGone((reject) => gone.push(['reply', reject?.reason]))
        reply.head(200, [], 64 * 1024 * 1024)
        for (let piece = 0; piece < 64; piece++) reply.data(Buffer.alloc(1024 * 1024))
      },
      { bytesPerSecond: 1024 * 1024 * 1024, slowAfterMs: 200 },
    )
    const caller = await call()
    caller.socket.pause()
    caller.write('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')
    await expect.poll(() => gone.length, { timeout: 5_000 }).toBeGreaterThan(0)
    expect(gone[0]).toEqual(['reply', 'caller_slow'])
    caller.destroy()
  })
})

describe('a caller that is late', () => {
  it('with its head reads why, though it still sends', async () => {
    listener = await openListener(ok, { headTimeoutMs: 200 })
    const caller = await call()
    caller.write('GET /a HTTP/1.1\r\n')
    const dribble = setInterval(() => caller.write('A: b\r\n'), 5)
    await sees(caller, '400 headers_timeout')
    clearInterval(dribble)
    await caller.closed
    expect(caller.unread().match(/HTTP\/1\.1 /g)).toHaveLength(1)
  })
})
