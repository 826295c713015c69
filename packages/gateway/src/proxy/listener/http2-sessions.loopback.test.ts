import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plainLimits } from '../../../test/fixtures/limits.ts'
import {
  block,
  callWithFrames,
  endHeaders,
  endStream,
  errorCode,
  type FrameCaller,
  frame,
  frameType,
  headers,
  indexedLiteral,
  rstStream,
  settings,
  statusOf,
  windowUpdate,
} from '../../../test/support/http2-frames.ts'
import { type Http2Listener, listenHttp2 } from '../../../test/support/http2-listener.ts'
import { answerWindowMs } from './caller-pace.ts'
import { http2Limits } from './http2-limits.ts'
import { lingerMs, sweepMs } from './listener-bounds.ts'

const run = promisify(execFile)
const withPath = (path: string, method = 'GET'): string[] => [
  ...[':method', method, ':scheme', 'http', ':path', path, ':authority', 'a.test'],
]
const good = withPath('/x')
const wait = withPath('/wait')
const post = withPath('/x', 'POST')

let nowMs = Date.now()
let listener: Http2Listener
let callers: FrameCaller[] = []

beforeEach(async () => {
  nowMs = Date.now()
  listener = await listenHttp2()
})
afterEach(async () => {
  for (const caller of callers) caller.socket.destroy()
  callers = []
  await listener.close()
})

async function call(acknowledges = true, own?: Buffer): Promise<FrameCaller> {
  const caller = await callWithFrames(listener.port, acknowledges, own)
  callers.push(caller)
  // The server's SETTINGS are in force once it has our acknowledgement: its answer to a PING tells.
  if (acknowledges) {
    await caller.waitFor((one) => one.type === frameType.settings && one.flags === 0)
    caller.write(frame(frameType.ping, 0, 0, Buffer.from('in force')))
    await caller.waitFor((one) => one.type === frameType.ping)
  }
  return caller
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Whether a well-behaved session gets answers all the time. */
function neighbour(): { readonly stop: () => Promise<{ asked: number; failed: number }> } {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${listener.port}`)
  session.on('error', () => undefined)
  let stopping = false
  let asked = 0
  let failed = 0
  const running = (async () => {
    while (!stopping || asked < 20) {
      asked += 1
      if ((await ask(session)) !== 200) failed += 1
    }
  })()
  return {
    stop: async () => {
      stopping = true
      await running
      session.close()
      return { asked, failed }
    },
  }
}

function ask(session: ClientHttp2Session): Promise<number> {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': '/neighbour' })
    let status = 0
    stream.on('response', (head) => {
      status = Number(head[':status'])
    })
    stream.on('error', () => undefined)
    stream.on('close', () => resolve(status))
    stream.resume()
    stream.end()
  })
}

describe('S13 a malformed request costs its own stream, never the session', () => {
  const resets: readonly (readonly [string, readonly string[]])[] = [
    ['an upper-case name', [...good, 'X-Up', '1']],
    ['connection', [...good, 'connection', 'close']],
    ['keep-alive', [...good, 'keep-alive', '5']],
    ['proxy-connection', [...good, 'proxy-connection', 'x']],
    ['transfer-encoding', [...good, 'transfer-encoding', 'chunked']],
    ['upgrade', [...good, 'upgrade', 'h2c']],
    ['te: gzip', [...good, 'te', 'gzip']],
    ['no :path', good.filter((_, at) => at < 4 || at > 5)],
    ['no :method', good.slice(2)],
    ['no :scheme', good.filter((_, at) => at < 2 || at > 3)],
    ['no authority', good.slice(0, 6)],
    ['an empty :path', withPath('')],
    ['a :path of *', withPath('*')],
    ['a :path in absolute form', withPath('http://a.test/x')],
    ['a space in :path', withPath('/a b')],
    ['a request smuggled in :path', withPath('/a HTTP/1.1\r\nhost: b\r\n\r\nGET /b')],
    ['a control byte in :path', withPath('/a\x01')],
    ['CRLF in :authority', [...good.slice(0, 7), 'a.test\r\nx: y']],
    ['CRLF in :scheme', [':scheme', 'http\r\nx: y', ...good.filter((_, at) => at < 2 || at > 3)]],
    ['a space in :method', withPath('/x', 'GET /y HTTP/1.1')],
    ['extended CONNECT', [':method', 'CONNECT', ':protocol', 'websocket', ...good.slice(2)]],
    ['CONNECT with a path', withPath('/x', 'CONNECT')],
    ['an unknown pseudo-header', [':x', '1', ...good]],
    [':status in a request', [':status', '200', ...good]],
    ['two :path', [...good, ':path', '/y']],
    ['two :method', [...good, ':method', 'POST']],
    ['two :authority', [...good, ':authority', 'b.test']],
    ['a pseudo-header behind a header', ['x-a', '1', ...good]],
    ['two host', [...good.slice(0, 6), 'host', 'b.test', 'host', 'b.test']],
    ['two content-length', [...good, 'content-length', '0', 'content-length', '0']],
    ['a content-length of letters', [...good, 'content-length', 'x']],
    ['a content-length without content', [...good, 'content-length', '5']],
  ]
  it.each(resets)('%s: reset by the stack, never handed on', async (_what, fields) => {
    const caller = await call()
    caller.write(headers(1, fields))
    expect(await caller.outcome(1)).toBe(`reset ${errorCode.protocol}`)
    expect(listener.seen).toHaveLength(0)
    caller.write(headers(3, good))
    expect(await caller.outcome(3)).toBe('200')
  })

  const answered: readonly (readonly [string, readonly string[], string, string])[] = [
    ['host beside another :authority', [...good, 'host', 'b.test'], '400', 'bad_header host duplicate'],
    [
      'another scheme',
      [':scheme', 'https', ...good.filter((_, at) => at < 2 || at > 3)],
      '400',
      'bad_header :scheme invalid',
    ],
    ['a method in small letters', withPath('/x', 'get'), '400', 'bad_header :method invalid'],
    ['a method nobody knows', withPath('/x', 'FROBNICATE'), '400', 'bad_header :method invalid'],
    ['OPTIONS *', withPath('*', 'OPTIONS'), '400', 'bad_path not_origin_form'],
    ['CONNECT', [':method', 'CONNECT', ':authority', 'a.test:443'], '405', 'method_not_allowed'],
    ['a list over 16 KiB', [...good, 'x', 'v'.repeat(8_000), 'y', 'v'.repeat(8_300)], '431', 'headers_too_large'],
  ]
  it.each(answered)('%s: refused with an answer and a decision', async (_what, fields, status, reason) => {
    const caller = await call()
    const bytes = block(fields)
    caller.write(
      frame(frameType.headers, endStream, 1, bytes.subarray(0, 16_000)),
      frame(frameType.continuation, endHeaders, 1, bytes.subarray(16_000)),
      headers(3, good),
    )
    expect(await caller.outcome(1)).toBe(status)
    expect(await caller.outcome(3)).toBe('200')
    expect(listener.refused).toEqual([reason])
    expect(listener.seen).toHaveLength(1)
  })

  it('a name or value HTTP/1.1 would read as more than one field never arrives', async () => {
    const caller = await call()
    const bad = ['a\rb', 'a\nb: c', 'a\r\n\r\nGET / HTTP/1.1', 'a\0b', 'a\x01b', 'a\x7fb']
    const fields = bad.flatMap((value) => ['x-value', value])
    const names = ['x up', 'x:up', '', 'x\0', 'x\r\ny'].flatMap((name) => [name, '1'])
    caller.write(headers(1, [...good, ...fields, ...names, 'x-good', 'kept']))
    expect(await caller.outcome(1)).toBe('200')
    expect(listener.seen[0]?.rawHeaders).toEqual(['host', 'a.test', 'x-good', 'kept'])
  })

  it('cookie crumbs arrive as one line, bytes above 0x7F as they are', async () => {
    const caller = await call()
    caller.write(headers(1, [...good, 'cookie', 'a=1', 'cookie', 'b=2', 'x', '\xe9']))
    expect(await caller.outcome(1)).toBe('200')
    expect(listener.seen[0]).toMatchObject({
      httpVersion: '2.0',
      rawHeaders: ['host', 'a.test', 'x', '\xe9', 'cookie', 'a=1; b=2'],
    })
  })
})

describe('S13 content-length and DATA', () => {
  const lengths: readonly (readonly [string, string, string])[] = [
    ['more', '2', 'xyz'],
    ['less', '5', 'xyz'],
    ['none', '5', ''],
  ]
  it.each(lengths)('%s content than announced ends the stream and the request', async (_what, length, content) => {
    const caller = await call()
    caller.write(headers(1, [...post, 'content-length', length], endHeaders))
    caller.write(frame(frameType.data, endStream, 1, Buffer.from(content)))
    expect(await caller.outcome(1)).toMatch(/^(reset|goaway) /)
    await until(() => listener.bodies.length > 0)
    expect(listener.bodies).not.toContain(String(content.length))
    expect(listener.sessions.load().requests).toBe(0)
  })

  it('as much as announced, and content of unknown length, arrive with trailers', async () => {
    const caller = await call()
    caller.write(headers(1, [...post, 'content-length', '3'], endHeaders))
    caller.write(frame(frameType.data, endStream, 1, Buffer.from('xyz')))
    caller.write(headers(3, post, endHeaders), frame(frameType.data, 0, 3, Buffer.from('xyzw')))
    caller.write(headers(3, ['x-trailer', '1']))
    expect(await caller.outcome(1)).toBe('200')
    expect(await caller.outcome(3)).toBe('200')
    expect(listener.bodies).toEqual(['3', '4'])
    expect(listener.seen.map(({ body }) => [body.kind, body.bytes])).toEqual([
      ['sized', 3],
      ['chunked', 0],
    ])
    const trailers = await caller.waitFor((one) => one.stream === 3 && one.type === 1 && (one.flags & endStream) !== 0)
    expect(trailers && statusOf(trailers.payload)).toBeUndefined()
  })

  it('100 (Continue) is sent when the content is wanted, and not before a refusal', async () => {
    const caller = await call()
    caller.write(headers(1, [...post, 'expect', '100-continue'], endHeaders))
    const interim = await caller.waitFor((one) => one.stream === 1 && one.type === 1)
    expect(interim && statusOf(interim.payload)).toBe(100)
    caller.write(frame(frameType.data, endStream, 1, Buffer.from('xyz')))
    expect(await caller.outcome(1)).toBe('200')
    caller.write(headers(3, [...withPath('/unread', 'POST'), 'expect', '100-continue'], endHeaders))
    const first = await caller.waitFor((one) => one.stream === 3 && one.type === 1)
    expect(first && statusOf(first.payload)).toBe(401)
    const reset = await caller.waitFor((one) => one.stream === 3 && one.type === frameType.rstStream)
    expect(reset?.payload.readUInt32BE(0)).toBe(errorCode.none)
  })

  it('an endless content nobody wants is cut off after 64 KiB, without blame', async () => {
    const caller = await call()
    caller.write(headers(1, withPath('/unread', 'POST'), endHeaders))
    expect(await caller.outcome(1)).toBe('401')
    for (let sent = 0; sent < 5; sent++) {
      caller.write(frame(frameType.data, 0, 1, Buffer.alloc(13_000)))
    }
    caller.write(frame(frameType.data, 0, 1, Buffer.alloc(500)), frame(frameType.data, 0, 1, Buffer.alloc(37)))
    const reset = await caller.waitFor((one) => one.stream === 1 && one.type === frameType.rstStream)
    expect(reset?.payload.readUInt32BE(0)).toBe(errorCode.none)
    caller.write(headers(3, good))
    expect(await caller.outcome(3)).toBe('200')
  })
})

describe('S13 floods end the session that sends them, and no other', () => {
  type Attack = (caller: FrameCaller) => void | Promise<void>
  const many = (count: number, one: (id: number) => Buffer[]): Attack => {
    return async (caller) => {
      for (let at = 0; at < count && !caller.socket.destroyed; at++) {
        caller.write(...one(2 * at + 1))
        if (at % 50 === 49) await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }
  const attacks: readonly (readonly [string, Attack])[] = [
    ['rapid reset (CVE-2023-44487)', many(3_000, (id) => [headers(id, wait), rstStream(id, errorCode.cancel)])],
    ['rapid reset by NO_ERROR', many(3_000, (id) => [headers(id, wait), rstStream(id, errorCode.none)])],
    ['resets it makes us send (CVE-2025-8671)', many(3_000, (id) => [headers(id, wait), windowUpdate(id, 0)])],
    [
      'CONTINUATION without end (CVE-2024-27316)',
      (caller) => {
        caller.write(frame(frameType.headers, endStream, 1, block(good)))
        for (let at = 0; at < 1_000; at++)
          caller.write(frame(frameType.continuation, 0, 1, block(['x', 'v'.repeat(999)])))
      },
    ],
    [
      'empty CONTINUATION',
      (caller) => {
        caller.write(frame(frameType.headers, endStream, 1, block(good)))
        for (let at = 0; at < 1_000; at++) caller.write(frame(frameType.continuation, 0, 1))
      },
    ],
    ['PING', many(3_000, () => [frame(frameType.ping, 0, 0, Buffer.alloc(8))])],
    ['SETTINGS', many(3_000, () => [settings()])],
    ['a SETTINGS frame of 40 settings', (caller) => caller.write(settings(Array.from({ length: 40 }, () => [3, 1])))],
    [
      'empty DATA (CVE-2019-9518)',
      async (caller) => {
        caller.write(headers(1, post, endHeaders))
        await many(3_000, () => [frame(frameType.data, 0, 1)])(caller)
      },
    ],
    ['malformed requests', many(3_000, (id) => [headers(id, [...good, 'connection', 'x'])])],
    ['streams beyond those allowed', many(3_000, (id) => [headers(id, wait)])],
    ['a session window over 2^31-1', (caller) => caller.write(windowUpdate(0, 0x7fffffff))],
    [
      'a stream window over 2^31-1, again and again',
      many(3_000, (id) => [headers(id, wait), windowUpdate(id, 0x7fffffff)]),
    ],
    [
      'an HPACK index outside the table',
      (caller) => caller.write(frame(1, endHeaders, 1, Buffer.from([0xff, 0xff, 1]))),
    ],
    [
      'a CONTINUATION for another stream',
      (caller) => {
        caller.write(frame(frameType.headers, endStream, 1, block(good)), frame(frameType.continuation, endHeaders, 3))
      },
    ],
    ['DATA on a stream that never was', (caller) => caller.write(frame(frameType.data, endStream, 1))],
    ['a frame beyond the greatest size', (caller) => caller.write(frame(frameType.data, 0, 1, Buffer.alloc(20_000)))],
    ['a stream id of servers', (caller) => caller.write(headers(2, good))],
  ]

  it.each(attacks)('%s', async (_what, attack) => {
    const other = neighbour()
    const caller = await call()
    await attack(caller)
    const code = await caller.ending()
    expect(code).not.toBe('end')
    expect(await other.stop()).toMatchObject({ failed: 0 })
    caller.socket.destroy()
    await until(() => listener.sessions.load().requests === 0)
    const begun = listener.seen.filter(({ target }) => target !== '/neighbour').length
    expect(begun).toBeLessThanOrEqual(http2Limits.resets.burst + http2Limits.streamsMax)
    expect(listener.gone.count).toBe(begun)
  })

  it('one that we count ends in ENHANCE_YOUR_CALM and a decision', async () => {
    const caller = await call()
    await many(3_000, () => [frame(frameType.ping, 0, 0, Buffer.alloc(8))])(caller)
    expect(await caller.ending()).toBe(errorCode.calm)
    expect(listener.refused).toEqual(['bad_framing too many PING frames'])
  })

  it('a header list of a few bytes that unpacks to megabytes costs neither memory nor the others', async () => {
    const other = neighbour()
    const bomb = Buffer.concat([block(good), indexedLiteral('x', 'v'.repeat(4_000)), Buffer.alloc(12_000, 0xbe)])
    const before = process.memoryUsage().rss
    for (const acknowledges of [true, false]) {
      const caller = await call(acknowledges)
      for (let id = 1; id < 200; id += 2) {
        caller.write(frame(frameType.headers, endHeaders | endStream, id, bomb))
        expect(await caller.outcome(id)).toMatch(/^(reset 11|goaway )/)
      }
    }
    expect(listener.seen.filter(({ target }) => target !== '/neighbour')).toHaveLength(0)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20)
    expect(await other.stop()).toMatchObject({ failed: 0 })
  }, 60_000)

  it('frames on a closed stream reach nobody', async () => {
    const caller = await call()
    caller.write(headers(1, good))
    expect(await caller.outcome(1)).toBe('200')
    caller.write(headers(1, good), frame(frameType.data, endStream, 1, Buffer.from('x')), headers(3, good))
    expect(await caller.outcome(3)).toMatch(/200|goaway/)
    expect(listener.seen.length).toBeLessThanOrEqual(2)
  })

  it('at most 100 streams are open at once', async () => {
    const caller = await call(false)
    for (let id = 1; id < 240; id += 2) caller.write(headers(id, wait))
    expect(await caller.outcome(239)).toMatch(new RegExp(`reset ${errorCode.refused}|goaway`))
    expect(listener.waiting.length).toBe(http2Limits.streamsMax)
  })
})

describe('back-pressure and slow callers', () => {
  it('an answer waits for the window of its caller, and others on the session do not', async () => {
    const caller = await call(true, settings([[4, 10_000]]))
    caller.write(headers(1, withPath('/big/5000000')), headers(3, good))
    expect(await caller.outcome(3)).toBe('200')
    const got = (): number =>
      caller.frames
        .filter((one) => one.stream === 1 && one.type === 0)
        .reduce((sum, one) => sum + one.payload.length, 0)
    expect(got()).toBe(10_000)
    expect(listener.sessions.load().requests).toBe(1)
    caller.write(windowUpdate(0, 10_000_000), windowUpdate(1, 10_000_000))
    await until(() => got() === 5_000_000)
    await until(() => listener.sessions.load().requests === 0)
  })

  it('content nobody reads stops at the window, and is read on when wanted', async () => {
    const caller = await call()
    caller.write(headers(1, withPath('/wait', 'POST'), endHeaders))
    for (let sent = 0; sent < 4; sent++) caller.write(frame(frameType.data, 0, 1, Buffer.alloc(16_000)))
    await until(() => listener.waiting.length === 1)
    caller.write(frame(frameType.ping, 0, 0, Buffer.from('all read')))
    await caller.waitFor((one) => one.type === frameType.ping && one.payload.toString() === 'all read')
    const given = (): number =>
      caller.frames
        .filter((one) => one.type === 8 && one.stream === 1)
        .reduce((sum, one) => sum + one.payload.readUInt32BE(0), 0)
    expect(given()).toBeLessThan(64_000)
    let bytes = 0
    const { body, reply } = listener.waiting[0] ?? {}
    body?.start({
      data: (chunk) => {
        bytes += chunk.length
        return true
      },
      end: () => reply?.send(200, [], 'ok', false),
      fail: () => undefined,
    })
    await until(() => bytes === 64_000)
    caller.write(frame(frameType.data, endStream, 1))
    expect(await caller.outcome(1)).toBe('200')
  })

  async function withClock(drive: (caller: FrameCaller, pass: (ms: number) => Promise<void>) => Promise<void>) {
    await listener.close()
    listener = await listenHttp2(() => nowMs)
    // Two looks: the first may be under way.
    await drive(await call(), async (ms) => {
      nowMs += ms
      await new Promise((resolve) => setTimeout(resolve, 2 * sweepMs))
    })
  }

  it('S15 a session without a stream ends after 60 s', async () => {
    await withClock(async (caller, pass) => {
      await pass(plainLimits.idleTimeoutMs - 1_000)
      expect(listener.sessions.load().sessions).toBe(1)
      await pass(1_000)
      expect(await caller.waitFor((one) => one.type === frameType.goaway)).toBeDefined()
      await pass(lingerMs)
      await until(() => listener.sessions.load().sessions === 0)
    })
  })

  it('S15 content that stops coming is answered with 408, and its stream ended', async () => {
    await withClock(async (caller, pass) => {
      caller.write(headers(1, post, endHeaders), frame(frameType.data, 0, 1, Buffer.from('x')))
      await until(() => listener.seen.length === 1)
      await pass(0)
      await pass(plainLimits.slowAfterMs)
      expect(await caller.outcome(1)).toBe('408')
      expect(listener.bodies).toEqual(['body_timeout'])
      await until(() => listener.sessions.load().requests === 0)
    })
  })

  it('S15 a caller that takes none of its answer loses it', async () => {
    await withClock(async (caller, pass) => {
      caller.write(headers(1, withPath('/big/5000000')))
      await until(() => listener.seen.length === 1)
      await pass(0)
      await pass(answerWindowMs(plainLimits))
      await caller.waitFor((one) => one.type === frameType.rstStream && one.stream === 1)
      expect(listener.gone.count).toBe(1)
    })
  })
})

describe('the end of a stream and of the gateway', () => {
  it('a caller that resets its stream, or leaves, is gone once', async () => {
    const caller = await call()
    caller.write(headers(1, wait), headers(3, wait))
    await until(() => listener.waiting.length === 2)
    caller.write(rstStream(1, errorCode.cancel))
    await until(() => listener.gone.count === 1)
    caller.socket.destroy()
    await until(() => listener.gone.count === 2)
    for (const { reply } of listener.waiting) reply.send(200, [], 'too late', false)
    await until(() => listener.sessions.load().sessions === 0)
  })

  it('an answer that breaks off is a reset, not a short answer', async () => {
    const caller = await call()
    caller.write(headers(1, wait), headers(3, wait))
    await until(() => listener.waiting.length === 2)
    listener.waiting[0]?.reply.head(200, [], 100)
    listener.waiting[0]?.reply.data(Buffer.from('half'))
    listener.waiting[0]?.reply.abort()
    const reset = await caller.waitFor((one) => one.type === frameType.rstStream && one.stream === 1)
    expect(reset?.payload.readUInt32BE(0)).toBe(2)
    listener.waiting[1]?.reply.send(200, [], 'whole', false)
    expect(await caller.outcome(3)).toBe('200')
    expect(listener.gone.count).toBe(0)
  })

  it('an answer without content is one frame, so that a refused gRPC call is told from an empty one', async () => {
    const caller = await call()
    caller.write(headers(1, [...withPath('/wait', 'POST'), 'content-type', 'application/grpc']))
    await until(() => listener.waiting.length === 1)
    const reply = listener.waiting[0]?.reply
    reply?.head(200, ['content-type', 'application/grpc', 'grpc-status', '7'], undefined)
    reply?.end()
    const head = await caller.waitFor((one) => one.stream === 1 && one.type === 1)
    expect((head?.flags ?? 0) & endStream).toBe(endStream)
  })

  const bare: readonly (readonly [string, number, number | undefined])[] = [
    ['GET', 204, undefined],
    ['GET', 304, 1_234],
    ['GET', 304, undefined],
    ['HEAD', 200, 1_234],
    ['HEAD', 200, undefined],
  ]
  it.each(bare)('%s answered with %i and length %s has no content, however late its end comes', async (...row) => {
    const [method, status, bytes] = row
    const caller = await call()
    caller.write(headers(1, withPath('/wait', method)), headers(3, good))
    await until(() => listener.waiting.length === 1)
    listener.waiting[0]?.reply.head(status, [], bytes)
    await new Promise((resolve) => setTimeout(resolve, 20))
    listener.waiting[0]?.reply.end(['x-trailer', '1'])
    expect(await caller.outcome(1)).toBe(String(status))
    await until(() => listener.sessions.load().requests === 0)
    expect(await caller.outcome(3)).toBe('200')
    const sent = caller.frames.filter((one) => one.stream === 1)
    expect(sent.filter((one) => one.payload.length > 0)).toHaveLength(1)
    expect(sent.filter((one) => (one.flags & endStream) !== 0)).toHaveLength(1)
    expect(listener.gone.count).toBe(0)
  })

  it('farewell ends sessions after what is under way, and those that come later after what they asked', async () => {
    const caller = await call()
    caller.write(headers(1, wait))
    await until(() => listener.waiting.length === 1)
    listener.sessions.farewell()
    const notice = await caller.waitFor((one) => one.type === frameType.goaway)
    expect([notice?.payload.readUInt32BE(0), notice?.payload.readUInt32BE(4)]).toEqual([1, 0])
    listener.waiting[0]?.reply.send(200, [], 'finished', false)
    expect(await caller.outcome(1)).toBe('200')
    await caller.closed
    const late = await call()
    expect(late.frames.some((one) => one.type === frameType.goaway)).toBe(false)
    late.write(headers(1, good))
    expect(await late.outcome(1)).toBe('200')
    const last = await late.waitFor((one) => one.type === frameType.goaway)
    expect([last?.payload.readUInt32BE(0), last?.payload.readUInt32BE(4)]).toEqual([1, 0])
    await late.closed
  })

  it('drain finishes what is under way and begins nothing new', async () => {
    const caller = await call()
    caller.write(headers(1, wait))
    await until(() => listener.waiting.length === 1)
    const drained = listener.sessions.drain(10_000)
    const notice = await caller.waitFor((one) => one.type === frameType.goaway)
    expect([notice?.payload.readUInt32BE(0), notice?.payload.readUInt32BE(4)]).toEqual([1, 0])
    caller.write(headers(3, good))
    listener.waiting[0]?.reply.send(200, [], 'finished', false)
    expect(await caller.outcome(1)).toBe('200')
    await drained
    expect(listener.seen).toHaveLength(1)
    expect(listener.sessions.load()).toEqual({ sessions: 0, requests: 0 })
  })

  it('the deadline of a drain cuts off what is still under way', async () => {
    const caller = await call()
    caller.write(headers(1, wait))
    await until(() => listener.waiting.length === 1)
    await listener.sessions.drain(50)
    await caller.closed
    expect(listener.gone.count).toBe(1)
  })
})

describe('clients as they are', () => {
  it.skipIf(!existsSync('/usr/bin/curl'))('curl --http2-prior-knowledge', async () => {
    const url = `http://127.0.0.1:${listener.port}`
    const common = ['-sS', '--http2-prior-knowledge', '-w', ' %{http_version} %{http_code}']
    const get = await run('curl', [...common, '-H', 'Cookie: a=1; b=2', `${url}/one?two`])
    expect(get.stdout).toMatch(/"target":"\/one\?two".* 2 200$/)
    const upload = await run('curl', [...common, '--data-binary', `@${process.execPath}`, `${url}/up`])
    expect(upload.stdout).toMatch(/"bytes":\d{8,}.* 2 200$/)
    const big = await run('curl', [...common, '-o', '/dev/null', `${url}/big/20000000`])
    expect(big.stdout).toBe(' 2 200')
    const head = await run('curl', [...common, '-I', `${url}/one`])
    expect(head.stdout).toMatch(/content-length: \d+/)
  })

  it.skipIf(!existsSync('/usr/bin/h2load'))('h2load: 20,000 requests on 10 sessions of 50 streams', async () => {
    const url = `http://127.0.0.1:${listener.port}/x`
    const { stdout } = await run('h2load', ['-n', '20000', '-c', '10', '-m', '50', '--no-tls-proto=h2c', url])
    expect(stdout).toContain('20000 succeeded, 0 failed, 0 errored, 0 timeout')
    expect(listener.gone.count).toBe(0)
    expect(listener.refused).toEqual([])
  })
})
