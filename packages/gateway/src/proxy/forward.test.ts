import { lookup } from 'node:dns'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type FakeExchange, type FakeRequest, fakeExchange } from '../../test/upstream/fake-exchange.ts'
import { type RawUpstream, rawUpstream, scripted } from '../../test/upstream/raw-upstream.ts'
import type { UpstreamPlan } from '../compile/plan.ts'
import { headerNames } from '../domain/header-name.ts'
import { forward } from './forward.ts'
import type { ForwardOutcome } from './upstream/forward-outcome.ts'
import { createPools, createUpstreamCounters, type Pools } from './upstream/pools.ts'

const opened: { close: () => unknown }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

function pools(): Pools {
  const made = createPools({
    nowMs: () => performance.now(),
    every: (_ms, tick) => {
      const timer = setInterval(tick, 20)
      return () => clearInterval(timer)
    },
    lookup: (host, done) => lookup(host, { all: true }, done),
    counters: createUpstreamCounters(),
  })
  opened.push(made)
  return made
}

async function upstreamOf(made: Promise<RawUpstream>): Promise<RawUpstream> {
  const upstream = await made
  opened.push(upstream)
  return upstream
}

function planOf(ports: readonly number[], over: Partial<UpstreamPlan> = {}): UpstreamPlan {
  return {
    id: 'a',
    rule: 'apis.a.upstream',
    targets: ports.map((port) => ({ kind: 'tcp', host: '127.0.0.1', port, authority: `127.0.0.1:${port}` })),
    host: 'target',
    connectTimeoutMs: 1000,
    responseTimeoutMs: 5000,
    streamIdleTimeoutMs: 300_000,
    idleTimeoutMs: 4000,
    connectionsMax: 16,
    requestsMax: 1024,
    waitingMax: 1024,
    balance: 'leastConnections',
    health: { failures: 3, ejectMs: 500, ejectMsMax: 30_000 },
    tls: undefined,
    ...over,
  }
}

interface Sent extends FakeExchange {
  readonly outcome: Promise<ForwardOutcome>
}

function send(plan: UpstreamPlan, on: Pools, request: FakeRequest = {}, target = '/'): Sent {
  const fake = fakeExchange(request)
  const outcome = new Promise<ForwardOutcome>((resolve) => {
    const head = {
      method: request.method ?? 'GET',
      target,
      authority: 'up.example',
      headers: 'X-A: 1\r\n',
      heldFromTrailers: headerNames([]),
    }
    forward(fake.exchange, head, plan, on, (_status, rawHeaders) => [...rawHeaders], resolve)
  })
  return Object.assign(fake, { outcome })
}

const textOf = (sent: FakeExchange): string => Buffer.concat(sent.got.body).toString('latin1')
const ok = 'HTTP/1.1 200 OK\r\n'
const hello = `${ok}Content-Length: 5\r\n\r\nhello`
const chunkedHead = `${ok}Transfer-Encoding: chunked\r\n\r\n`

describe('a request goes to the upstream and its answer back', () => {
  it('writes one request in one piece and hands a small answer on within one tick', async () => {
    const seen: string[] = []
    const upstream = await upstreamOf(
      rawUpstream((socket, received) => {
        seen.push(received.text)
        socket.write(hello)
      }),
    )
    const sent = send(planOf([upstream.port]), pools(), {}, '/x?y=1')
    expect(await sent.outcome).toMatchObject({
      ok: true,
      status: 200,
      responseBytes: 5,
      requestBytes: 0,
      reused: false,
    })
    expect(seen).toEqual(['GET /x?y=1 HTTP/1.1\r\nHost: up.example\r\nX-A: 1\r\n\r\n'])
    expect(sent.got).toMatchObject({ status: 200, rawHeaders: ['Content-Length', '5'], bodyBytes: 5, ended: true })
    expect(sent.got.body.length).toBe(1)
  })

  it('uses a connection again after a whole exchange', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([upstream.port])
    for (let i = 0; i < 5; i++) expect(await send(plan, on).outcome).toMatchObject({ ok: true, reused: i > 0 })
    expect(upstream.sockets.length).toBe(1)
  })

  it.each([
    ['Connection: close', `${ok}Connection: close\r\nContent-Length: 2\r\n\r\nok`],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['Keep-Alive: timeout=1', `${ok}Keep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok`],
    ['a byte that follows', `${ok}Content-Length: 2\r\n\r\nokX`],
    ['a second answer that follows', `${ok}Content-Length: 2\r\n\r\nok${hello}`],
  ])('S14: opens another connection after %s', async (_name, bytes) => {
    const upstream = await upstreamOf(scripted(bytes))
    const on = pools()
    const plan = planOf([upstream.port])
    for (let i = 0; i < 3; i++) {
      const sent = send(plan, on)
      expect(await sent.outcome).toMatchObject({ ok: true, reused: false })
      expect(textOf(sent)).toBe('ok')
    }
    await vi.waitFor(() => expect(upstream.closed).toBe(3))
  })

  it('S14: a byte on an idle connection destroys it and is counted', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([upstream.port])
    await send(plan, on).outcome
    upstream.sockets[0]?.write('HTTP/1.1 200 OK\r\n\r\nevil')
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
    expect(on.counters.surplus).toBe(1)
    const sent = send(plan, on)
    expect(await sent.outcome).toMatchObject({ ok: true, reused: false })
    expect(textOf(sent)).toBe('hello')
  })

  it('gives an idle connection up before the time-out its server announced', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    await send(planOf([upstream.port], { idleTimeoutMs: 100 }), on).outcome
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
  })

  it.each([
    ['HEAD', 'HEAD', `${ok}Content-Length: 1234\r\n\r\n`, 1234],
    ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
    ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 9],
    [
      'an interim answer first',
      'GET',
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
      0,
    ],
  ])('ends %s without a body and keeps the connection', async (_name, method, bytes, bodyBytes) => {
    const upstream = await upstreamOf(scripted(bytes))
    const on = pools()
    const plan = planOf([upstream.port])
    for (let i = 0; i < 2; i++) {
      const sent = send(plan, on, { method })
      expect(await sent.outcome).toMatchObject({ ok: true, reused: i > 0 })
      expect(sent.got).toMatchObject({ bodyBytes, bytes: 0, ended: true })
    }
  })

  it('reads an answer that trickles in byte by byte, and one that ends with its connection', async () => {
    const trickled = `${chunkedHead}5\r\nhello\r\n0\r\n\r\n`
    const upstream = await upstreamOf(
      rawUpstream((socket, received, connection) => {
        received.text = ''
        if (connection === 2) {
          socket.end(`${ok}\r\nto the end`)
          return
        }
        let at = 0
        const next = (): void => {
          if (at < trickled.length) socket.write(trickled.charAt(at++), 'latin1', () => setImmediate(next))
        }
        next()
      }),
    )
    const on = pools()
    const plan = planOf([upstream.port])
    const first = send(plan, on)
    const second = send(plan, on)
    expect(await first.outcome).toMatchObject({ ok: true })
    expect(await second.outcome).toMatchObject({ ok: true })
    expect([textOf(first), textOf(second)].sort()).toEqual(['hello', 'to the end'])
  })
})

describe('S14: an answer in doubt is 502, its connection destroyed, nothing of it forwarded', () => {
  it.each([
    ['both_framings', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello`],
    ['content_length', `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
    ['transfer_encoding', `${ok}Transfer-Encoding: gzip\r\n\r\nhello`],
    ['body_not_allowed', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello'],
    ['body_not_allowed', 'HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello'],
    ['head_too_large', `${ok}A: ${'b'.repeat(65 * 1024)}\r\n\r\n`],
    ['upgrade_not_asked', 'HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\n'],
    ['too_many_interim', 'HTTP/1.1 100 Go\r\n\r\n'.repeat(9)],
    ['status_line', '220 smtp.example ESMTP\r\n'],
    ['header_name', `${ok}A : b\r\n\r\n`],
    ['header_value', `${ok}A: b\nC: d\r\n\r\n`],
    ['bare_lf', `${ok}A: b\n\n`],
    ['chunk_size', `${chunkedHead}zz\r\nhello`],
    ['chunk_end', `${chunkedHead}5\r\nhello!\r\n`],
  ])('%s: %j', async (fault, bytes) => {
    const upstream = await upstreamOf(scripted(bytes))
    const sent = send(planOf([upstream.port]), pools())
    expect(await sent.outcome).toMatchObject({
      ok: false,
      answered: false,
      reject: { reason: 'upstream_invalid', fault },
    })
    expect(sent.got).toMatchObject({ status: undefined, bytes: 0, ended: false, aborted: false })
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
  })

  it('HEAD with a body', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const sent = send(planOf([upstream.port]), pools(), { method: 'HEAD' })
    expect(await sent.outcome).toMatchObject({ reject: { reason: 'upstream_invalid', fault: 'body_not_allowed' } })
    expect(sent.got.status).toBeUndefined()
  })

  it('an answer broken off after its head is broken off towards the caller too', async () => {
    const upstream = await upstreamOf(
      rawUpstream((socket) => {
        socket.write(`${ok}Content-Length: 10\r\n\r\nhalf`)
        setTimeout(() => socket.end(), 30)
      }),
    )
    const sent = send(planOf([upstream.port]), pools())
    expect(await sent.outcome).toMatchObject({
      ok: false,
      answered: true,
      reject: { reason: 'upstream_invalid', fault: 'truncated' },
    })
    expect(sent.got).toMatchObject({ status: 200, aborted: true, ended: false })
  })

  it('an answer cut off inside its head is no answer', async () => {
    const upstream = await upstreamOf(rawUpstream((socket) => socket.end(`${ok}Content-`)))
    const sent = send(planOf([upstream.port]), pools())
    expect(await sent.outcome).toMatchObject({ answered: false, reject: { reason: 'upstream_invalid' } })
  })
})

describe('S14: a kept connection that dies before its answer', () => {
  /** Answers the first request of a connection and drops the connection at the second. */
  const once = (): Promise<RawUpstream> => {
    const counts = new Map<number, number>()
    return rawUpstream((socket, received, connection) => {
      if (!received.text.includes('\r\n\r\n')) return
      const text = received.text
      received.text = ''
      const count = (counts.get(connection) ?? 0) + 1
      counts.set(connection, count)
      if (count === 2) socket.resetAndDestroy()
      else socket.write(`${ok}Content-Length: ${text.length}\r\n\r\n${text}`)
    })
  }

  it.each(['GET', 'PUT', 'DELETE'])('costs an idempotent %s nothing: it is sent once more', async (method) => {
    const upstream = await upstreamOf(once())
    const on = pools()
    const plan = planOf([upstream.port])
    await send(plan, on).outcome
    const body = {
      kind: 'sized' as const,
      bytes: 3,
      onStart: (sink: { data(c: Buffer): void; end(): void }) => {
        sink.data(Buffer.from('abc'))
        sink.end()
      },
    }
    const sent = send(plan, on, method === 'PUT' ? { method, ...body } : { method })
    expect(await sent.outcome).toMatchObject({ ok: true, reused: false })
    if (method === 'PUT') expect(textOf(sent)).toMatch(/Content-Length: 3\r\n\r\nabc$/)
    expect(on.counters.retried).toBe(1)
  })

  it('is an error for POST, which may have taken effect', async () => {
    const upstream = await upstreamOf(once())
    const on = pools()
    const plan = planOf([upstream.port])
    await send(plan, on).outcome
    expect(await send(plan, on, { method: 'POST' }).outcome).toMatchObject({
      answered: false,
      reject: { reason: 'upstream_refused' },
    })
    expect(on.counters.retried).toBe(0)
  })

  it('is retried on a fresh connection, not on another kept one', async () => {
    const upstream = await upstreamOf(once())
    const on = pools()
    const plan = planOf([upstream.port])
    await Promise.all([send(plan, on).outcome, send(plan, on).outcome])
    expect(await send(plan, on).outcome).toMatchObject({ ok: true, reused: false })
    expect(upstream.sockets.length).toBe(3)
  })

  it('is no excuse for a fresh one: its request is not sent twice', async () => {
    const upstream = await upstreamOf(rawUpstream((socket) => socket.resetAndDestroy()))
    expect(await send(planOf([upstream.port]), pools()).outcome).toMatchObject({
      answered: false,
      reject: { reason: 'upstream_refused', fault: 'ECONNRESET' },
    })
    expect(upstream.sockets.length).toBe(1)
  })

  it('is tried once: a fresh connection that dies too is an error', async () => {
    const upstream = await upstreamOf(
      rawUpstream((socket, received, connection) => {
        received.text = ''
        if (connection === 1 && socket.bytesWritten === 0) socket.write(hello)
        else socket.resetAndDestroy()
      }),
    )
    const on = pools()
    const plan = planOf([upstream.port])
    await send(plan, on).outcome
    expect(await send(plan, on).outcome).toMatchObject({ reject: { reason: 'upstream_refused' } })
    expect(upstream.sockets.length).toBe(2)
  })
})

describe('request bodies stream with back-pressure', () => {
  const echoed: string[] = []
  const collect = (until: string): Promise<RawUpstream> =>
    rawUpstream((socket, received) => {
      if (!received.text.endsWith(until)) return
      echoed.push(received.text)
      received.text = ''
      socket.write(hello)
    })

  it('a sized body leaves with its head in one write, a chunked one is framed by us', async () => {
    echoed.length = 0
    const upstream = await upstreamOf(collect('end'))
    const on = pools()
    const plan = planOf([upstream.port])
    const sized = send(plan, on, { method: 'POST', kind: 'sized', bytes: 6 })
    await vi.waitFor(() => expect(sized.body.sink).toBeDefined())
    sized.body.sink?.data(Buffer.from('abcend'))
    sized.body.sink?.end()
    expect(await sized.outcome).toMatchObject({ ok: true, requestBytes: 6 })
    expect(echoed[0]).toMatch(/\r\nContent-Length: 6\r\n\r\nabcend$/)

    const other = await upstreamOf(collect('0\r\n\r\n'))
    const chunked = send(planOf([other.port]), on, { method: 'POST', kind: 'chunked' })
    await vi.waitFor(() => expect(chunked.body.sink).toBeDefined())
    chunked.body.sink?.data(Buffer.from('0123456789abcdef'))
    chunked.body.sink?.data(Buffer.from('x'))
    chunked.body.sink?.end()
    expect(await chunked.outcome).toMatchObject({ ok: true, requestBytes: 17 })
    expect(echoed[1]).toMatch(/\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n1\r\nx\r\n0\r\n\r\n$/)
  })

  it.each([
    ['longer', 'abcdef'],
    ['shorter', 'a'],
  ])('a body %s than its Content-Length never becomes a request of its own', async (_name, text) => {
    const upstream = await upstreamOf(rawUpstream(() => undefined))
    const sent = send(planOf([upstream.port]), pools(), {
      method: 'POST',
      kind: 'sized',
      bytes: 3,
      onStart: (sink) => {
        sink.data(Buffer.from(text))
        sink.end()
      },
    })
    expect(await sent.outcome).toMatchObject({ answered: false, reject: { reason: 'bad_framing' } })
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
  })

  it('pauses the caller while the upstream does not read, and goes on when it does', async () => {
    const upstream = await upstreamOf(rawUpstream((socket) => socket.pause()))
    const bytes = 32 * 1024 * 1024
    const sent = send(planOf([upstream.port]), pools(), { method: 'POST', kind: 'sized', bytes })
    await vi.waitFor(() => expect(sent.body.sink).toBeDefined())
    const piece = Buffer.alloc(64 * 1024)
    let written = 0
    while (!sent.body.paused && written < bytes) {
      sent.body.sink?.data(piece)
      written += piece.length
    }
    expect(written).toBeLessThan(bytes)
    const socket = upstream.sockets[0]
    socket?.removeAllListeners('data')
    socket?.on('data', () => {
      if (socket.bytesRead > bytes) socket.write(hello)
    })
    socket?.resume()
    while (written < bytes) {
      await vi.waitFor(() => expect(sent.body.paused).toBe(false), { interval: 1 })
      sent.body.sink?.data(piece)
      written += piece.length
    }
    sent.body.sink?.end()
    expect(await sent.outcome).toMatchObject({ ok: true, requestBytes: bytes })
  })

  it('an answer that comes before the body ended is handed on whole, and its connection is not used again', async () => {
    const upstream = await upstreamOf(
      rawUpstream((socket, received) => {
        if (received.text.includes('first')) socket.write(hello)
      }),
    )
    const on = pools()
    const plan = planOf([upstream.port])
    const sent = send(plan, on, { method: 'POST', kind: 'sized', bytes: 1000 })
    await vi.waitFor(() => expect(sent.body.sink).toBeDefined())
    sent.body.sink?.data(Buffer.from('first'))
    expect(await sent.outcome).toMatchObject({ ok: true, status: 200 })
    expect(textOf(sent)).toBe('hello')
    sent.body.sink?.data(Buffer.from('late'))
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
  })
})

describe('S14: a connection is free only when both messages are whole', () => {
  it('not while bytes of the request have yet to leave', async () => {
    const upstream = await upstreamOf(
      rawUpstream((socket) => {
        socket.pause()
        socket.write(hello)
      }),
    )
    const bytes = 32 * 1024 * 1024
    const sent = send(planOf([upstream.port]), pools(), {
      method: 'POST',
      kind: 'sized',
      bytes,
      onStart: (sink) => {
        sink.data(Buffer.alloc(bytes))
        sink.end()
      },
    })
    expect(await sent.outcome).toMatchObject({ ok: true })
    upstream.sockets[0]?.removeAllListeners('data').resume()
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
    expect(upstream.sockets[0]?.bytesRead).toBeLessThan(bytes)
  })

  it('but a caller that is slow to take a whole answer does not hold it', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([upstream.port])
    const slow = send(plan, on)
    slow.slow = true
    expect(await slow.outcome).toMatchObject({ ok: true })
    expect(await send(plan, on).outcome).toMatchObject({ ok: true, reused: true })
  })
})

/** 1 GiB each way in the long run, enough to show the bound in the quick one. */
const largeBytes = process.env.JOTGATE_LONG === undefined ? 256 * 1024 * 1024 : 1024 * 1024 * 1024

describe('memory', () => {
  it(`stays constant while ${largeBytes / 1024 / 1024} MiB go each way`, async () => {
    const piece = Buffer.alloc(64 * 1024)
    const upstream = await upstreamOf(
      rawUpstream((socket, received) => {
        socket.removeAllListeners('data')
        socket.on('data', () => undefined)
        received.text = ''
        socket.write(`${ok}Content-Length: ${largeBytes}\r\n\r\n`)
        let written = 0
        const go = (): void => {
          while (written < largeBytes) {
            written += piece.length
            if (!socket.write(piece)) return
          }
        }
        socket.on('drain', go)
        go()
      }),
    )
    const sent = send(planOf([upstream.port]), pools(), { method: 'PUT', kind: 'sized', bytes: largeBytes })
    sent.countOnly = true
    await vi.waitFor(() => expect(sent.body.sink).toBeDefined())
    const before = process.memoryUsage().rss
    let most = 0
    let pushed = 0
    while (pushed < largeBytes) {
      while (pushed < largeBytes && !sent.body.paused) {
        sent.body.sink?.data(piece)
        pushed += piece.length
      }
      most = Math.max(most, process.memoryUsage().rss - before)
      // A caller that stalls now and then: what waits for it must not pile up either.
      sent.slow = pushed % 7 === 0
      await new Promise((resolve) => setImmediate(resolve))
      if (!sent.slow) sent.drain()
    }
    sent.body.sink?.end()
    sent.slow = false
    sent.drain()
    expect(await sent.outcome).toMatchObject({ ok: true, requestBytes: largeBytes, responseBytes: largeBytes })
    expect(most / 1024 / 1024).toBeLessThan(96)
  }, 120_000)
})

describe('time-outs name their rule, and the slow side pays', () => {
  it('an upstream that does not answer is upstream_timeout', async () => {
    const upstream = await upstreamOf(rawUpstream(() => undefined))
    const sent = send(planOf([upstream.port], { responseTimeoutMs: 80 }), pools())
    expect(await sent.outcome).toMatchObject({
      answered: false,
      reject: {
        reason: 'upstream_timeout',
        phase: 'response',
        timeoutMs: 80,
        rule: 'apis.a.upstream.responseTimeout',
      },
    })
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
  })

  it('an upstream that stalls within its body breaks the answer off', async () => {
    const upstream = await upstreamOf(rawUpstream((socket) => socket.write(`${ok}Content-Length: 9\r\n\r\nhalf`)))
    const sent = send(planOf([upstream.port], { responseTimeoutMs: 80 }), pools())
    expect(await sent.outcome).toMatchObject({ answered: true, reject: { reason: 'upstream_timeout' } })
    expect(sent.got.aborted).toBe(true)
  })

  it('each piece of the body starts the wait anew', async () => {
    const upstream = await upstreamOf(
      rawUpstream((socket) => {
        socket.write(`${ok}Content-Length: 5\r\n\r\n`)
        let left = 5
        const timer = setInterval(() => {
          socket.write('x')
          if (--left === 0) clearInterval(timer)
        }, 100)
      }),
    )
    expect(await send(planOf([upstream.port], { responseTimeoutMs: 250 }), pools()).outcome).toMatchObject({ ok: true })
  })

  it('a caller that is slow to send or to read does not time the upstream out', async () => {
    const big = 8 * 1024 * 1024
    const upstream = await upstreamOf(
      rawUpstream((socket, received) => {
        if (!received.text.endsWith('end')) return
        socket.write(`${ok}Content-Length: ${big}\r\n\r\n`)
        socket.write(Buffer.alloc(big))
      }),
    )
    const sent = send(planOf([upstream.port], { responseTimeoutMs: 60 }), pools(), {
      method: 'PUT',
      kind: 'sized',
      bytes: 3,
    })
    sent.slow = true
    await new Promise((resolve) => setTimeout(resolve, 200))
    sent.body.sink?.data(Buffer.from('end'))
    await vi.waitFor(() => expect(sent.got.bytes).toBeGreaterThan(0))
    const held = sent.got.bytes
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(sent.got.bytes).toBe(held)
    sent.slow = false
    sent.drain()
    expect(await sent.outcome).toMatchObject({ ok: true, responseBytes: big })
  })

  it('a caller that leaves takes its upstream connection along', async () => {
    const upstream = await upstreamOf(rawUpstream(() => undefined))
    const sent = send(planOf([upstream.port]), pools())
    await vi.waitFor(() => expect(upstream.sockets.length).toBe(1))
    sent.leave()
    expect(await sent.outcome).toMatchObject({ answered: false, reject: { reason: 'caller_gone' } })
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
  })

  it('a caller that leaves while its answer is handed over gets no more of it', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const fake = fakeExchange()
    const head = { method: 'GET', target: '/', authority: 'up.example', headers: '', heldFromTrailers: headerNames([]) }
    const same = (_status: number, rawHeaders: readonly string[]): string[] => [...rawHeaders]
    const gone = Object.assign(fake.exchange, {
      reply: { ...fake.exchange.reply, head: () => fake.leave() },
    })
    const outcome = await new Promise((resolve) => {
      forward(gone, head, planOf([upstream.port]), pools(), same, resolve)
    })
    expect(outcome).toMatchObject({ ok: false, answered: true, reject: { reason: 'caller_gone' } })
    expect(fake.got).toMatchObject({ bytes: 0, ended: false, aborted: true })
  })

  it('a caller that leaves after its answer harms nobody on the same connection', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([upstream.port])
    const first = send(plan, on)
    await first.outcome
    const second = send(plan, on)
    first.leave()
    expect(await second.outcome).toMatchObject({ ok: true, reused: true })
  })
})

describe('S14: every answer belongs to its request', () => {
  it('over 10,000 requests with aborts, resets, early answers and surplus bytes', async () => {
    let random = 7
    const chance = (): number => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
      return random / 2_147_483_648
    }
    const upstream = await upstreamOf(
      rawUpstream((socket, received) => {
        const end = received.text.indexOf('\r\n\r\n')
        if (end === -1) return
        const nonce = received.text.slice(received.text.indexOf('/'), received.text.indexOf(' HTTP'))
        const sized = /Content-Length: (\d+)/.exec(received.text.slice(0, end))
        const early = sized !== null && chance() < 0.3
        if (sized !== null && !early && received.text.length < end + 4 + Number(sized[1])) return
        received.text = ''
        const roll = chance()
        const body = `answer to ${nonce}`
        const plain = `${ok}Content-Length: ${body.length}\r\n\r\n${body}`
        if (roll < 0.04) socket.resetAndDestroy()
        else if (roll < 0.08) socket.end(`${ok}\r\n${body}`)
        else if (roll < 0.12) socket.write(`${plain}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
        else if (roll < 0.16) {
          socket.write(plain)
          setImmediate(() => socket.destroyed || socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'))
        } else if (roll < 0.2) setTimeout(() => socket.destroyed || socket.write(plain), 3)
        else if (roll < 0.24) socket.write(plain.slice(0, -3))
        else if (roll < 0.4) {
          socket.write(`${chunkedHead}${body.length.toString(16)}\r\n`)
          setImmediate(() => socket.destroyed || socket.write(`${body}\r\n0\r\n\r\n`))
        } else socket.write(plain)
        if (roll >= 0.2 && roll < 0.24) socket.destroy()
      }),
    )
    const on = pools()
    const plan = planOf([upstream.port], { connectionsMax: 8, responseTimeoutMs: 2000 })
    let next = 0
    let whole = 0
    const lane = async (): Promise<void> => {
      while (next < 10_000) {
        const nonce = `/nonce-${next++}-`
        const kind = chance()
        const sent =
          kind < 0.2
            ? send(
                plan,
                on,
                {
                  method: 'POST',
                  kind: 'sized',
                  bytes: 4,
                  onStart: (sink) => {
                    sink.data(Buffer.from('ab'))
                    setImmediate(() => {
                      sink.data(Buffer.from('cd'))
                      sink.end()
                    })
                  },
                },
                nonce,
              )
            : send(plan, on, {}, nonce)
        if (chance() < 0.05) setTimeout(sent.leave, chance() * 3)
        const outcome = await sent.outcome
        const text = textOf(sent)
        if (outcome.ok) {
          whole++
          expect(text).toBe(`answer to ${nonce}`)
        } else expect(`answer to ${nonce}`.startsWith(text)).toBe(true)
      }
    }
    await Promise.all(Array.from({ length: 16 }, lane))
    expect(whole).toBeGreaterThan(8_000)
    expect(on.counters.surplus).toBeGreaterThan(300)
    expect(on.counters.retried).toBeGreaterThan(0)
  })
})
