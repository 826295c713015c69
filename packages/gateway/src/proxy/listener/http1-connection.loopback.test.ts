import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Http1Port, openHttp1 } from '../../../test/support/http1-caller.ts'
import type { ByteSink, Exchange } from '../exchange.ts'

const get = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
const ignoring: ByteSink = { data: () => undefined, end: () => undefined, fail: () => undefined }
const ok = ({ reply }: Exchange): void => reply.send(200, [], 'ok', false)

let port: Http1Port
afterEach(() => port.close())

describe('requests on one connection', () => {
  it('sent at once are answered in order, each when the one before has left', async () => {
    port = await openHttp1(({ target, reply }) => setTimeout(() => reply.send(200, [], target, false), 2))
    const caller = await port.call()
    const targets = Array.from({ length: 60 }, (_, at) => `/t${at}.`)
    caller.socket.write(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
    await caller.sees('/t59.')
    expect([...caller.text().matchAll(/\/t\d+\./g)].map(([target]) => target)).toEqual(targets)
    expect(port.sessions.requests()).toBe(0)
  })

  it('that come byte by byte are the same', async () => {
    const seen: string[] = []
    port = await openHttp1(({ body, reply }) => {
      let text = ''
      const end = (): void => {
        seen.push(text)
        reply.send(200, [], `got ${text}.`, false)
      }
      if (body.kind === 'none') end()
      else body.start({ data: (chunk) => (text += chunk.toString()), end, fail: () => undefined })
    })
    const caller = await port.call()
    const bytes = `POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n${get}`
    for (const byte of bytes) {
      caller.socket.write(byte)
      await wait(0)
    }
    await caller.sees('got .')
    expect(seen).toEqual(['abcde', ''])
  })

  it('an empty line behind a body makes nobody wait for a head', async () => {
    port = await openHttp1(ok, { headTimeoutMs: 100, idleTimeoutMs: 60_000 })
    const caller = await port.call()
    caller.socket.write(`${get}\r\n`)
    await caller.sees('ok')
    await wait(300)
    caller.socket.write(get)
    await expect.poll(() => port.exchanges.length).toBe(2)
    expect(port.faults).toEqual([])
  })
})

describe('an answer', () => {
  it('that was given already is not given again: the next request would get it', async () => {
    port = await openHttp1(ok)
    const caller = await port.call()
    caller.socket.write(get)
    await caller.sees('ok')
    const reply = port.exchanges[0]?.reply
    expect(() => reply?.send(500, [], 'again', false)).toThrow('twice')
    expect(() => reply?.head(500, [], 0)).toThrow('twice')
    expect(() => reply?.data(Buffer.from('again'))).toThrow('twice')
    reply?.abort()
    reply?.end()
    caller.socket.write(get)
    await expect.poll(() => caller.text().match(/HTTP\/1\.1 200/g)?.length).toBe(2)
    expect(caller.text()).not.toContain('again')
  })

  it('to HTTP/1.0 that breaks off is a reset: its end would make it whole', async () => {
    port = await openHttp1(({ reply }) => {
      reply.head(200, [], undefined)
      reply.data(Buffer.from('half'))
    })
    const caller = await port.call()
    caller.socket.write('GET /a HTTP/1.0\r\n\r\n')
    await caller.sees('half')
    port.exchanges[0]?.reply.abort()
    expect(await caller.ended).toBe('ECONNRESET')
  })

  it('that does not want a withheld body ends the connection', async () => {
    port = await openHttp1(({ reply }) => {
      reply.head(204, [], undefined)
      reply.end()
    })
    const caller = await port.call()
    caller.socket.write('POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
    await caller.sees('Connection: close')
    caller.socket.write(get)
    await caller.ended
    expect(port.exchanges).toHaveLength(1)
  })

  it('its caller took too slowly says so to whoever made it', async () => {
    const gone: unknown[] = []
    port = await openHttp1(
      ({ body, reply }) => {
        body.start({ ...ignoring, fail: (reject) => gone.push(['body', reject?.reason]) })
        reply.onGone((reject) => gone.push(['reply', reject?.reason]))
        reply.head(200, [], 64 * 1024 * 1024)
        for (let piece = 0; piece < 64; piece++) reply.data(Buffer.alloc(1024 * 1024))
      },
      { bytesPerSecond: 1024 * 1024 * 1024, slowAfterMs: 200 },
    )
    const caller = await port.call()
    caller.socket.pause()
    caller.socket.write('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')
    await expect.poll(() => gone.length, { timeout: 5_000 }).toBeGreaterThan(0)
    expect(gone[0]).toEqual(['reply', 'caller_slow'])
    caller.socket.destroy()
  })
})

describe('a caller that is late', () => {
  it('with its head reads why, though it still sends', async () => {
    port = await openHttp1(ok, { headTimeoutMs: 200 })
    const caller = await port.call()
    caller.socket.write('GET /a HTTP/1.1\r\n')
    const dribble = setInterval(() => caller.socket.write('A: b\r\n'), 5)
    await caller.sees('400 headers_timeout')
    clearInterval(dribble)
    await caller.ended
    expect(port.faults).toEqual(['headers_timeout'])
  })
})
