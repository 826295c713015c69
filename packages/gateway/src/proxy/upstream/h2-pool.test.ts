import { constants, createSecureServer, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import { endHeaders, endStream, errorCode, headers, rstStream, settings } from '../../../test/support/http2-frames.ts'
import { makeCertificate } from '../../../test/support/make-certificate.ts'
import {
  clockedPools,
  closeAfterEach,
  closing,
  loopback,
  sendOn,
  targetOf,
  upstreamPlan,
} from '../../../test/upstream/loopback-pools.ts'
import { dataFrame, goaway, type RawH2Upstream, rawH2Upstream } from '../../../test/upstream/raw-h2-upstream.ts'
import { rawUpstream, scripted } from '../../../test/upstream/raw-upstream.ts'
import type { UpstreamPlan } from '../../compile/plan.ts'

closeAfterEach()

interface H2Upstream {
  readonly port: number
  readonly sessions: number
  readonly close: () => void
}

async function listening(server: Http2Server): Promise<H2Upstream> {
  const sessions = new Set<{ destroy: () => void }>()
  let count = 0
  server.on('session', (session) => {
    count++
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return closing({
    port: (server.address() as { port: number }).port,
    get sessions() {
      return count
    },
    close: () => {
      for (const session of sessions) session.destroy()
      server.close()
    },
  })
}

function h2Upstream(
  answer: (stream: ServerHttp2Stream, head: Record<string, unknown>) => void,
  own: { maxConcurrentStreams?: number } = {},
): Promise<H2Upstream> {
  const server = createServer({ settings: own })
  server.on('stream', (stream, head) => {
    stream.on('error', () => undefined)
    answer(stream, head)
  })
  return listening(server)
}

const planOf = (port: number, over: Partial<UpstreamPlan> = {}): UpstreamPlan =>
  upstreamPlan([targetOf(port, 'h2c')], over)
const raw = async (...given: Parameters<typeof rawH2Upstream>): Promise<RawH2Upstream> =>
  closing(await rawH2Upstream(...given))
const ok = (stream: number, flags = endHeaders): Buffer => headers(stream, [':status', '200'], flags)

describe('an HTTP/2 upstream', () => {
  it('gets the request that was checked, as HTTP/2 has it, and its answer goes back', async () => {
    let seen: Record<string, unknown> = {}
    const { port } = await h2Upstream((stream, head) => {
      seen = Object.fromEntries(Object.entries(head))
      stream.respond({ ':status': 201, 'x-from': 'up', 'content-length': 5 })
      stream.end('hello')
    })
    const on = clockedPools()
    const sent = sendOn(on, planOf(port), {}, { target: '/a?b=1', headers: 'X-A: 1\r\nCookie: a=1\r\nCookie: b=2\r\n' })
    expect(await sent.outcome).toMatchObject({ ok: true, status: 201, responseBytes: 5, reused: false })
    expect(sent.text()).toBe('hello')
    expect(sent.got).toMatchObject({ bodyBytes: 5, rawHeaders: expect.arrayContaining(['x-from', 'up']) })
    expect(seen).toEqual({
      ':method': 'GET',
      ':scheme': 'http',
      ':authority': `127.0.0.1:${port}`,
      ':path': '/a?b=1',
      'x-a': '1',
      cookie: 'a=1; b=2',
      te: 'trailers',
    })
    expect(await sendOn(on, planOf(port)).outcome).toMatchObject({ ok: true, reused: true })
  })

  it('carries requests at once on one session, as many as its settings allow, and more on another', async () => {
    const held: ServerHttp2Stream[] = []
    const upstream = await h2Upstream((stream) => held.push(stream), { maxConcurrentStreams: 10 })
    const on = clockedPools()
    const sent = Array.from({ length: 25 }, () => sendOn(on, planOf(upstream.port, { connectionsMax: 2 })))
    await vi.waitFor(() => expect(held.length).toBe(20))
    expect(upstream.sessions).toBe(2)
    for (const stream of held.splice(0)) stream.respond({ ':status': 204 }, { endStream: true })
    await vi.waitFor(() => expect(held.length).toBe(5))
    for (const stream of held) stream.respond({ ':status': 204 }, { endStream: true })
    for (const { outcome } of sent) expect(await outcome).toMatchObject({ ok: true, status: 204 })
    expect(upstream.sessions).toBe(2)
  })

  it('requestsMax bounds what is in flight below what the peer allows', async () => {
    const held: ServerHttp2Stream[] = []
    const upstream = await h2Upstream((stream) => held.push(stream))
    const on = clockedPools()
    const plan = planOf(upstream.port, { requestsMax: 3 })
    const sent = Array.from({ length: 5 }, () => sendOn(on, plan))
    await vi.waitFor(() => expect(held.length).toBe(3))
    expect(on.pick(plan).load).toBe(5)
    for (const stream of held.splice(0)) stream.respond({}, { endStream: true })
    await vi.waitFor(() => expect(held.length).toBe(2))
    for (const stream of held) stream.respond({}, { endStream: true })
    for (const { outcome } of sent) expect(await outcome).toMatchObject({ ok: true })
  })

  it('over TLS is verified, and must choose h2', async () => {
    const root = makeCertificate({ name: 'Root', ca: true })
    const pair = makeCertificate({ name: 'up', names: ['up.example'], issuer: root })
    const server = createSecureServer({ key: pair.privateKey, cert: pair.certificate })
    server.on('stream', (stream) => stream.respond({}, { endStream: true }))
    const { port } = await listening(server)
    const on = clockedPools({ lookup: loopback, ca: [root.certificate] })
    const at = (port: number, host: string): UpstreamPlan => upstreamPlan([targetOf(port, 'h2', host)], { id: host })
    expect(await sendOn(on, at(port, 'up.example')).outcome).toMatchObject({ ok: true })
    expect(await sendOn(on, at(port, 'other.example')).outcome).toMatchObject({
      reject: { reason: 'upstream_refused', fault: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    })
    const old = createTlsServer({ key: pair.privateKey, cert: pair.certificate }).on('secureConnection', (socket) =>
      socket.on('error', () => undefined),
    )
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
    closing({ close: () => old.close() })
    const { port: oldPort } = old.address() as { port: number }
    expect(
      await sendOn(clockedPools({ lookup: loopback, ca: [root.certificate] }), at(oldPort, 'up.example')).outcome,
    ).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'no h2' } })
  })

  it('that speaks HTTP/1.1 after all is refused before a request is sent', async () => {
    const upstream = closing(await scripted('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await sendOn(clockedPools(), planOf(upstream.port)).outcome).toMatchObject({
      reject: { reason: 'upstream_refused', fault: 'ERR_HTTP2_ERROR' },
    })
  })

  it('that never sends its settings is upstream_timeout in phase connect', async () => {
    const upstream = closing(await rawUpstream(() => undefined))
    const on = clockedPools()
    const sent = sendOn(on, planOf(upstream.port))
    await vi.waitFor(() => expect(upstream.sockets.length).toBe(1))
    on.pass(1001)
    expect(await sent.outcome).toMatchObject({ reject: { reason: 'upstream_timeout', phase: 'connect' } })
  })
})

describe('bodies and trailers go both ways with back-pressure', () => {
  it('a request body is taken as its upstream reads it', async () => {
    let reading: ServerHttp2Stream | undefined
    let bytes = 0
    const { port } = await h2Upstream((stream) => {
      reading = stream
    })
    const sent = sendOn(clockedPools(), planOf(port), { method: 'POST', kind: 'chunked' })
    await vi.waitFor(() => expect(reading).toBeDefined())
    const piece = Buffer.alloc(16 * 1024)
    let written = 0
    while (!sent.body.paused) {
      sent.body.sink?.data(piece)
      written += piece.length
      if (written > 16 * 1024 * 1024) throw new Error('no back-pressure')
      await new Promise((resolve) => setImmediate(resolve))
    }
    reading?.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    reading?.on('end', () => reading?.respond({}, { endStream: true }))
    await vi.waitFor(() => expect(sent.body.paused).toBe(false))
    sent.body.sink?.end()
    expect(await sent.outcome).toMatchObject({ ok: true, requestBytes: written })
    expect(bytes).toBe(written)
  })

  it('an answer waits for a caller that is slow, and others on the session do not', async () => {
    const total = 8 * 1024 * 1024
    const { port } = await h2Upstream((stream, head) => {
      stream.respond({})
      stream.end(head[':path'] === '/large' ? Buffer.alloc(total) : 'small')
    })
    const on = clockedPools()
    const large = Object.assign(sendOn(on, planOf(port), {}, { target: '/large' }), { slow: true, countOnly: true })
    await vi.waitFor(() => expect(large.got.bytes).toBeGreaterThan(0))
    const small = sendOn(on, planOf(port))
    expect(await small.outcome).toMatchObject({ ok: true, reused: true })
    expect(large.got.bytes).toBeLessThan(1024 * 1024)
    large.slow = false
    large.drain()
    expect(await large.outcome).toMatchObject({ ok: true, responseBytes: total })
  })

  it('trailers pass in both directions, without what belongs into a head', async () => {
    let seen: unknown
    const { port } = await h2Upstream((stream) => {
      stream.on('trailers', (trailers) => {
        seen = Object.fromEntries(Object.entries(trailers))
      })
      stream.resume()
      stream.on('end', () => {
        stream.respond({}, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'set-cookie': 'a=b' }))
        stream.end('body')
      })
    })
    const sent = sendOn(clockedPools(), planOf(port), { method: 'POST', kind: 'chunked' })
    await vi.waitFor(() => expect(sent.body.sink).toBeDefined())
    sent.body.sink?.data(Buffer.from('x'))
    sent.body.sink?.end(['X-Checksum', 'abc', 'Authorization', 'Bearer forged'])
    expect(await sent.outcome).toMatchObject({ ok: true })
    expect(seen).toEqual({ 'x-checksum': 'abc' })
    expect(sent.got.trailers).toEqual(['grpc-status', '0'])
  })

  it('an answer without content is handed on in one turn, so that it can leave as one frame', async () => {
    const { port } = await h2Upstream((stream) => stream.respond({ 'grpc-status': '16' }, { endStream: true }))
    const sent = sendOn(clockedPools(), planOf(port))
    const { head } = sent.exchange.reply
    const ended: boolean[] = []
    Object.assign(sent.exchange.reply, {
      head: (...given: Parameters<typeof head>) => {
        head(...given)
        process.nextTick(() => ended.push(sent.got.ended))
      },
    })
    await sent.outcome
    await vi.waitFor(() => expect(ended).toEqual([true]))
  })
})

describe('S14: a session that breaks costs no more than its own requests', () => {
  it.each([
    ['RST_STREAM with REFUSED_STREAM', (stream: number) => rstStream(stream, errorCode.refused)],
    ['GOAWAY below its id', (stream: number) => goaway(stream - 2 < 0 ? 0 : stream - 2, 0)],
    ['GOAWAY with an error below its id', (stream: number) => goaway(stream - 2 < 0 ? 0 : stream - 2, errorCode.calm)],
  ])('a POST answered with %s was not looked at: it is sent once more on another session', async (_name, refuse) => {
    const upstream = await raw((connection, stream) => {
      if (connection.number === 1) connection.write(refuse(stream))
      else connection.write(ok(stream, endHeaders | endStream))
    })
    const on = clockedPools()
    const sent = sendOn(on, planOf(upstream.port), { method: 'POST' })
    expect(await sent.outcome).toMatchObject({ ok: true, status: 200 })
    expect(upstream.connections.length).toBe(2)
    expect(on.counters.retried).toBe(1)
  })

  it('once only, and not when its body cannot be sent again', async () => {
    const upstream = await raw((connection, stream) => connection.write(rstStream(stream, errorCode.refused)))
    const on = clockedPools()
    expect(await sendOn(on, planOf(upstream.port)).outcome).toMatchObject({
      reject: { reason: 'upstream_refused', fault: 'refused_stream' },
    })
    expect(upstream.connections.length).toBe(2)
    const large = sendOn(on, planOf(upstream.port), {
      method: 'PUT',
      kind: 'sized',
      bytes: 100_000,
      onStart: (sink) => sink.data(Buffer.alloc(60_000)),
    })
    expect(await large.outcome).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'refused_stream' } })
    expect(on.counters.retried).toBe(1)
  })

  it('GOAWAY lets requests in flight finish and takes no new ones', async () => {
    const upstream = await raw((connection, stream) => {
      if (connection.number > 1) connection.write(ok(stream, endHeaders | endStream))
      else connection.write(ok(stream), goaway(stream, 0))
    })
    const on = clockedPools()
    const first = sendOn(on, planOf(upstream.port))
    await vi.waitFor(() => expect(first.got.status).toBe(200))
    await vi.waitFor(() => expect(on.pick(planOf(upstream.port)).load).toBe(1))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await sendOn(on, planOf(upstream.port)).outcome).toMatchObject({ ok: true, reused: false })
    upstream.connections[0]?.write(dataFrame(1, 'late', endStream))
    expect(await first.outcome).toMatchObject({ ok: true, responseBytes: 4 })
  })

  it.each([
    ['a reset before the head', (stream: number) => [rstStream(stream, 2)], 'upstream_invalid', 'reset_internal_error'],
    [
      'a head without a status',
      (stream: number) => [headers(stream, ['x', '1'])],
      'upstream_invalid',
      'reset_protocol_error',
    ],
    [
      'a field of the connection',
      (stream: number) => [headers(stream, [':status', '200', 'connection', 'close'])],
      'upstream_invalid',
      'reset_protocol_error',
    ],
    [
      'DATA beyond its content-length',
      (stream: number) => [
        headers(stream, [':status', '200', 'content-length', '1'], endHeaders),
        dataFrame(stream, 'abc', endStream),
      ],
      'upstream_invalid',
      /^(reset_protocol_error|truncated)$/,
    ],
    [
      'more interim answers than allowed',
      (stream: number) => [
        ...Array.from({ length: 9 }, () => headers(stream, [':status', '103'], endHeaders)),
        ok(stream),
      ],
      'upstream_invalid',
      'too_many_interim',
    ],
    [
      'more fields than allowed',
      (stream: number) => [
        headers(stream, [':status', '200', ...Array.from({ length: 300 }, (_, i) => [`x-${i}`, '1']).flat()]),
      ],
      'upstream_invalid',
      'reset_enhance_your_calm',
    ],
  ])('%s is 502 for its request alone', async (_name, answer, reason, fault) => {
    const upstream = await raw((connection, stream) => {
      if (connection.number === 1 && stream === 1) connection.write(...answer(stream))
      else connection.write(ok(stream, endHeaders | endStream))
    })
    const on = clockedPools()
    const sent = sendOn(on, planOf(upstream.port), { method: 'POST' })
    expect(await sent.outcome).toMatchObject({ ok: false, reject: { reason, fault: expect.stringMatching(fault) } })
    expect(await sendOn(on, planOf(upstream.port)).outcome).toMatchObject({ ok: true })
  })

  it.each([
    ['a reset', (stream: number) => rstStream(stream, 8)],
    ['the end of its connection', undefined],
  ])('an answer cut off by %s is broken off towards the caller', async (_name, cut) => {
    const upstream = await raw((connection, stream) => {
      connection.write(ok(stream), dataFrame(stream, 'half'))
      setTimeout(() => (cut === undefined ? connection.socket.destroy() : connection.write(cut(stream))), 20)
    })
    const sent = sendOn(clockedPools(), planOf(upstream.port))
    expect(await sent.outcome).toMatchObject({ ok: false, answered: true, reject: { reason: 'upstream_invalid' } })
    expect(sent.got).toMatchObject({ aborted: true, ended: false })
  })

  it('a kept session that dies before the answer costs an idempotent request nothing, and POST an error', async () => {
    const upstream = await raw((connection, stream) => {
      if (stream === 1) connection.write(ok(stream, endHeaders | endStream))
      else connection.socket.destroy()
    })
    const on = clockedPools()
    await sendOn(on, planOf(upstream.port)).outcome
    expect(await sendOn(on, planOf(upstream.port)).outcome).toMatchObject({ ok: true, reused: false })
    expect(await sendOn(on, planOf(upstream.port), { method: 'POST' }).outcome).toMatchObject({
      reject: { reason: 'upstream_refused' },
    })
  })

  it('a caller that leaves resets its stream and nothing else', async () => {
    const upstream = await raw((connection, stream) => {
      if (stream !== 1) connection.write(ok(stream, endHeaders | endStream))
    })
    const on = clockedPools()
    const left = sendOn(on, planOf(upstream.port))
    await vi.waitFor(() => expect(upstream.connections.length).toBe(1))
    await vi.waitFor(() => expect(on.counters.opened).toBe(1))
    left.leave()
    expect(await left.outcome).toMatchObject({ reject: { reason: 'caller_gone' } })
    await vi.waitFor(() => expect(upstream.resets).toEqual([errorCode.cancel]))
    expect(await sendOn(on, planOf(upstream.port)).outcome).toMatchObject({ ok: true, reused: true })
    expect(upstream.connections.length).toBe(1)
  })

  it('no answer in time is upstream_timeout and resets its stream', async () => {
    const upstream = await raw(() => undefined)
    const on = clockedPools()
    const sent = sendOn(on, planOf(upstream.port))
    await vi.waitFor(() => expect(on.counters.opened).toBe(1))
    on.pass(5001)
    expect(await sent.outcome).toMatchObject({ reject: { reason: 'upstream_timeout', phase: 'response' } })
    await vi.waitFor(() => expect(upstream.resets).toEqual([errorCode.cancel]))
  })

  it('a session that answers no ping while requests wait is given up, an idle one ends', async () => {
    const upstream = await raw((connection, stream) => {
      if (connection.number === 2) connection.write(ok(stream, endHeaders | endStream))
    })
    const on = clockedPools()
    const plan = planOf(upstream.port, { responseTimeoutMs: 600_000 })
    const sent = sendOn(on, plan, { method: 'POST' })
    await vi.waitFor(() => expect(on.counters.opened).toBe(1))
    on.pass(15_001)
    on.pass(10_001)
    expect(await sent.outcome).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'ping_timeout' } })
    await sendOn(on, plan).outcome
    expect(on.pick(plan).idleConnections).toBe(1)
    on.pass(4001)
    await vi.waitFor(() => expect(on.pick(plan).isEmpty).toBe(true))
  })

  it('the configuration without it lets requests finish and keeps nothing', async () => {
    const held: ServerHttp2Stream[] = []
    const { port } = await h2Upstream((stream) => held.push(stream))
    const on = clockedPools()
    const plan = planOf(port)
    const sent = sendOn(on, plan)
    await vi.waitFor(() => expect(held.length).toBe(1))
    const pool = on.pick(plan)
    on.retain([])
    held[0]?.respond({}, { endStream: true })
    expect(await sent.outcome).toMatchObject({ ok: true })
    await vi.waitFor(() => expect(pool.isEmpty).toBe(true))
  })

  it('settings that allow no request keep requests waiting, no longer than connectTimeout', async () => {
    const upstream = await raw(() => undefined, settings([[3, 0]]))
    const on = clockedPools()
    const sent = sendOn(on, planOf(upstream.port, { connectionsMax: 1 }))
    await vi.waitFor(() => expect(on.counters.opened).toBe(1))
    on.pass(1001)
    expect(await sent.outcome).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'no connection free' } })
  })
})

describe('S14: every answer belongs to its request over HTTP/2', () => {
  it('over 5,000 requests with aborts, resets, refusals, GOAWAY and early answers', async () => {
    let served = 0
    const { port } = await h2Upstream(
      (stream, head) => {
        const nonce = String(head[':path']).slice(1)
        const turn = served++ % 23
        if (turn === 3) stream.close(constants.NGHTTP2_REFUSED_STREAM)
        else if (turn === 7) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
        // Not at once: within an event of a session that has other streams, its `close` corrupts the memory of Node 20.
        else if (turn === 11) setImmediate(() => stream.session?.close())
        if (turn === 3 || turn === 7) return
        const answer = (): void => {
          if (stream.destroyed) return
          stream.respond({ 'x-nonce': nonce })
          stream.write(nonce.slice(0, 4))
          setImmediate(() => stream.end(nonce.slice(4)))
        }
        stream.resume()
        if (turn === 13) answer()
        else stream.on('end', answer)
      },
      { maxConcurrentStreams: 20 },
    )
    const on = clockedPools()
    const plan = planOf(port, { connectionsMax: 4, health: { failures: 1000, ejectMs: 500, ejectMsMax: 500 } })
    const count = { whole: 0, broken: 0, left: 0 }
    const one = async (number: number): Promise<void> => {
      const nonce = `n-${number}-${'x'.repeat(number % 50)}`
      const method = number % 3 === 0 ? 'POST' : 'GET'
      const body = method === 'POST' ? { kind: 'chunked' as const } : {}
      const sent = sendOn(on, plan, { method, ...body }, { target: `/${nonce}` })
      if (method === 'POST') {
        await Promise.race([sent.outcome, vi.waitFor(() => expect(sent.body.sink).toBeDefined(), { interval: 1 })])
        sent.body.sink?.data(Buffer.from('body'))
        sent.body.sink?.end()
      }
      if (number % 17 === 0) setImmediate(sent.leave)
      const outcome = await sent.outcome
      if (outcome.ok) {
        count.whole++
        expect(sent.text()).toBe(nonce)
        expect(sent.got.rawHeaders).toContain(nonce)
      } else if (outcome.reject.reason === 'caller_gone') count.left++
      else count.broken++
    }
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < 5000) await one(next++)
    }
    await Promise.all(Array.from({ length: 50 }, lane))
    expect(count.whole).toBeGreaterThan(3500)
    expect(count.whole + count.broken + count.left).toBe(5000)
    expect(on.pick(plan).load).toBe(0)
    on.pass(4001)
    await vi.waitFor(() => expect(on.pick(plan).isEmpty).toBe(true))
  })
})
