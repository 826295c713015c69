import { execFileSync } from 'node:child_process'
import { lookup } from 'node:dns'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fakeExchange } from '../../../test/upstream/fake-exchange.ts'
import { type RawUpstream, rawUpstream, scripted } from '../../../test/upstream/raw-upstream.ts'
import type { TargetPlan, UpstreamPlan } from '../../compile/plan.ts'
import { headerNames } from '../../domain/header-name.ts'
import { forward } from '../forward.ts'
import type { Lookup } from './dial.ts'
import type { ForwardOutcome } from './forward-outcome.ts'
import { createPools, createUpstreamCounters, type Pools } from './pools.ts'

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const opened: { close: () => unknown }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

interface Clocked extends Pools {
  /** Lets time pass, then sweeps. */
  readonly pass: (ms: number) => void
}

function pools(over: { lookup?: Lookup; ca?: string[] } = {}): Clocked {
  let now = 1000
  let sweep: () => void = () => undefined
  const made = createPools({
    nowMs: () => now,
    every: (_ms, tick) => {
      sweep = tick
      return () => undefined
    },
    lookup: (host, done) => lookup(host, { all: true }, done),
    counters: createUpstreamCounters(),
    ...over,
  })
  opened.push(made)
  return Object.assign(made, {
    pass: (ms: number) => {
      now += ms
      sweep()
    },
  })
}

async function upstreamOf(made: Promise<RawUpstream>): Promise<RawUpstream> {
  const upstream = await made
  opened.push(upstream)
  return upstream
}

const tcp = (port: number, host = '127.0.0.1'): TargetPlan => ({
  kind: 'tcp',
  host,
  port,
  authority: `${host}:${port}`,
})

function planOf(targets: readonly TargetPlan[], over: Partial<UpstreamPlan> = {}): UpstreamPlan {
  return {
    id: 'a',
    rule: 'apis.a.upstream',
    targets,
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

function send(plan: UpstreamPlan, on: Pools): Promise<ForwardOutcome> & { leave: () => void; text: () => string } {
  const fake = fakeExchange()
  const head = { method: 'GET', target: '/', authority: 'up.example', headers: '', heldFromTrailers: headerNames([]) }
  const outcome = new Promise<ForwardOutcome>((resolve) => {
    forward(fake.exchange, head, plan, on, (_status, rawHeaders) => [...rawHeaders], resolve)
  })
  return Object.assign(outcome, { leave: fake.leave, text: () => Buffer.concat(fake.got.body).toString() })
}

async function closedPort(): Promise<number> {
  const upstream = await scripted('')
  await upstream.close()
  return upstream.port
}

describe('connections are bounded, and requests wait in order', () => {
  it('opens no more than connectionsMax and serves those who wait first come first served', async () => {
    const answered: string[] = []
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([tcp(upstream.port)], { connectionsMax: 2 })
    const all = Array.from({ length: 20 }, (_, i) => send(plan, on).then(() => answered.push(String(i))))
    await Promise.all(all)
    expect(upstream.sockets.length).toBe(2)
    expect(answered.slice(-1)).toEqual(['19'])
  })

  it('refuses with its reason whoever waited connectTimeout for a busy pool', async () => {
    const upstream = await upstreamOf(rawUpstream(() => undefined))
    const on = pools()
    const plan = planOf([tcp(upstream.port)], { connectionsMax: 1 })
    const busy = send(plan, on)
    await vi.waitFor(() => expect(upstream.sockets.length).toBe(1))
    await vi.waitFor(() => expect(on.counters.opened).toBe(1))
    const waiting = send(plan, on)
    on.pass(1001)
    expect(await waiting).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'no connection free' } })
    busy.leave()
    expect(await busy).toMatchObject({ reject: { reason: 'caller_gone' } })
  })

  it('bounds the queue, and a caller that leaves leaves the queue', async () => {
    const upstream = await upstreamOf(rawUpstream(() => undefined))
    const on = pools()
    const plan = planOf([tcp(upstream.port)], { connectionsMax: 1, waitingMax: 8 })
    const waiting = Array.from({ length: 9 }, () => send(plan, on))
    expect(await send(plan, on)).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'no connection free' } })
    for (const one of waiting) one.leave()
    for (const one of waiting) expect(await one).toMatchObject({ reject: { reason: 'caller_gone' } })
    expect(on.pick(plan).isEmpty || on.pick(plan).connections <= 1).toBe(true)
  })

  it('a retry waits for its own fresh connection, whatever else comes free', async () => {
    const requests = new Map<number, number>()
    const upstream = await upstreamOf(
      rawUpstream((socket, received, connection) => {
        received.text = ''
        const count = (requests.get(connection) ?? 0) + 1
        requests.set(connection, count)
        if (count === 2) socket.resetAndDestroy()
        else if (connection > 2) socket.write(hello)
      }),
    )
    const held: (() => void)[] = []
    let hold = false
    const on = pools({
      lookup: (_host, done) => {
        const answer = (): void => done(null, [{ address: '127.0.0.1', family: 4 }])
        if (hold) held.push(answer)
        else answer()
      },
    })
    const plan = planOf([tcp(upstream.port, 'up.example')])
    const both = [send(plan, on), send(plan, on)]
    await vi.waitFor(() => expect(requests.size).toBe(2))
    upstream.sockets[0]?.write(hello)
    await Promise.race(both)
    hold = true
    const retried = send(plan, on)
    await vi.waitFor(() => expect(held.length).toBe(1))
    upstream.sockets[1]?.write(hello)
    await Promise.all(both)
    expect(on.pick(plan).idleConnections).toBe(1)
    for (const answer of held) answer()
    expect(await retried).toMatchObject({ ok: true, reused: false })
  })

  it('a request refused while its retry waits for a connection is never sent', async () => {
    let requests = 0
    const upstream = await upstreamOf(
      rawUpstream((socket) => {
        if (++requests === 2) socket.resetAndDestroy()
        else socket.write(hello)
      }),
    )
    const held: (() => void)[] = []
    let hold = false
    const on = pools({
      lookup: (_host, done) => {
        const answer = (): void => done(null, [{ address: '127.0.0.1', family: 4 }])
        if (hold) held.push(answer)
        else answer()
      },
    })
    const plan = planOf([tcp(upstream.port, 'up.example')])
    await send(plan, on)
    hold = true
    const fake = fakeExchange({ method: 'PUT', kind: 'sized', bytes: 4 })
    const head = { method: 'PUT', target: '/', authority: 'up.example', headers: '', heldFromTrailers: headerNames([]) }
    const outcome = new Promise<ForwardOutcome>((resolve) => {
      forward(fake.exchange, head, plan, on, (_status, rawHeaders) => [...rawHeaders], resolve)
    })
    fake.body.sink?.data(Buffer.from('ab'))
    await vi.waitFor(() => expect(held.length).toBe(1))
    fake.body.sink?.end()
    expect(await outcome).toMatchObject({ ok: false, reject: { reason: 'bad_framing' } })
    for (const answer of held) answer()
    await vi.waitFor(() => expect(on.counters.opened).toBe(2))
    expect(on.pick(plan).idleConnections).toBe(1)
    expect(requests).toBe(2)
  })

  it('takes the connection used last and lets the others grow old', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([tcp(upstream.port)])
    await Promise.all([send(plan, on), send(plan, on), send(plan, on)])
    expect(on.pick(plan).idleConnections).toBe(3)
    for (let i = 0; i < 5; i++) {
      on.pass(900)
      await send(plan, on)
    }
    expect(on.pick(plan).connections).toBe(1)
    expect(on.counters.opened).toBe(3)
  })

  it('stays one second below the time-out a server announces', async () => {
    const upstream = await upstreamOf(scripted(hello.replace('\r\n', '\r\nKeep-Alive: timeout=3\r\n')))
    const on = pools()
    const plan = planOf([tcp(upstream.port)])
    await send(plan, on)
    on.pass(1999)
    expect(on.pick(plan).connections).toBe(1)
    on.pass(2)
    expect(on.pick(plan).connections).toBe(0)
  })
})

describe('targets', () => {
  it('are used in turn', async () => {
    const ups = [await upstreamOf(scripted(hello)), await upstreamOf(scripted(hello))]
    const on = pools()
    const plan = planOf(ups.map((up) => tcp(up.port)))
    const seen: string[] = []
    for (let i = 0; i < 4; i++) {
      const outcome = await send(plan, on)
      seen.push(outcome.target)
    }
    expect(new Set(seen).size).toBe(2)
    expect(seen[0]).toBe(seen[2])
  })

  it('one that refuses is passed over for a time that doubles, and costs no request', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([tcp(await closedPort()), tcp(upstream.port)])
    for (let i = 0; i < 6; i++) expect(await send(plan, on)).toMatchObject({ ok: true })
    expect(on.counters.connectFailed).toBe(1)
    on.pass(501)
    for (let i = 0; i < 6; i++) expect(await send(plan, on)).toMatchObject({ ok: true })
    expect(on.counters.connectFailed).toBe(2)
    on.pass(501)
    for (let i = 0; i < 6; i++) expect(await send(plan, on)).toMatchObject({ ok: true })
    expect(on.counters.connectFailed).toBe(2)
  })

  it('the last one is always tried, and refusals name their cause', async () => {
    const on = pools()
    const plan = planOf([tcp(await closedPort()), tcp(await closedPort())])
    for (let i = 0; i < 4; i++) {
      expect(await send(plan, on)).toMatchObject({ reject: { reason: 'upstream_refused', fault: 'ECONNREFUSED' } })
    }
    expect(on.counters.connectFailed).toBe(8)
  })

  it('one that does not take the connection is upstream_timeout in phase connect', async () => {
    // The name is never resolved, so nothing ever connects.
    const on = pools({ lookup: () => undefined })
    const outcome = send(planOf([tcp(1, 'stuck.example')]), on)
    on.pass(1001)
    expect(await outcome).toMatchObject({
      reject: { reason: 'upstream_timeout', phase: 'connect', timeoutMs: 1000, rule: 'apis.a.upstream.connectTimeout' },
    })
  })

  it('is reached over a Unix socket', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'jotgate-'))
    const path = join(dir, 'up.sock')
    const server: Server = createServer((socket) => socket.on('data', () => socket.write(hello)))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const on = pools()
    const plan = planOf([{ kind: 'unix', host: path, port: 0, authority: 'localhost' }])
    expect(await send(plan, on)).toMatchObject({ ok: true, target: 'localhost' })
    expect(await send(plan, on)).toMatchObject({ ok: true, reused: true })
    on.close()
    await new Promise((resolve) => server.close(resolve))
    rmSync(dir, { recursive: true })
  })

  it('each address of a name is tried in turn, and the name resolved once', async () => {
    const upstream = await upstreamOf(scripted(hello))
    let lookups = 0
    const on = pools({
      lookup: (_host, done) => {
        lookups++
        done(null, [
          { address: '127.0.0.9', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ])
      },
    })
    expect(await send(planOf([tcp(upstream.port, 'up.example')]), on)).toMatchObject({ ok: true })
    expect(lookups).toBe(1)
  })

  it('S14: a name that resolves to a link-local or metadata address is refused unasked', async () => {
    for (const address of ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254', 'fd00:ec2::254']) {
      const on = pools({ lookup: (_host, done) => done(null, [{ address, family: address.includes(':') ? 6 : 4 }]) })
      expect(await send(planOf([tcp(80, 'sly.example')]), on)).toMatchObject({
        reject: { reason: 'upstream_refused', fault: 'address not allowed' },
      })
    }
    expect(await send(planOf([tcp(80, '169.254.169.254')]), pools())).toMatchObject({
      reject: { fault: 'address not allowed' },
    })
  })
})

describe('pools outlive a reload that did not touch them', () => {
  it('by id and target; one that left the configuration ends', async () => {
    const upstream = await upstreamOf(scripted(hello))
    const on = pools()
    const plan = planOf([tcp(upstream.port)])
    await send(plan, on)
    const same = planOf([tcp(upstream.port)], { responseTimeoutMs: 1 })
    on.retain([same])
    expect(await send(same, on)).toMatchObject({ ok: true, reused: true })
    on.retain([])
    await vi.waitFor(() => expect(upstream.closed).toBe(1))
    // A request that still holds the old plan is served, and leaves nothing behind.
    expect(await send(plan, on)).toMatchObject({ ok: true, reused: false })
    await vi.waitFor(() => expect(upstream.closed).toBe(2))
  })
})

describe('S14: TLS targets are verified with their host name', () => {
  const dir = mkdtempSync(join(tmpdir(), 'jotgate-'))
  const key = join(dir, 'key.pem')
  const cert = join(dir, 'cert.pem')
  beforeAll(() => {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=up.example',
        '-addext',
        'subjectAltName=DNS:up.example',
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    )
    return () => rmSync(dir, { recursive: true })
  })

  const serve = async (bytes: string): Promise<number> => {
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert), ALPNProtocols: ['http/1.1'] })
    server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => socket.write(bytes))
    })
    server.on('tlsClientError', () => undefined)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    opened.push({ close: () => server.close() })
    return (server.address() as { port: number }).port
  }
  const tls = (host: string, port: number): TargetPlan => ({ kind: 'tls', host, port, authority: host })
  const here: Lookup = (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }])

  it('a trusted certificate for the name is served, and its connection used again', async () => {
    const on = pools({ lookup: here, ca: [readFileSync(cert, 'utf8')] })
    const plan = planOf([tls('up.example', await serve(hello))])
    expect(await send(plan, on)).toMatchObject({ ok: true })
    expect(await send(plan, on)).toMatchObject({ ok: true, reused: true })
  })

  it.each([
    ['an unknown root', 'up.example', false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['another name', 'other.example', true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('%s is refused before a byte of the request leaves', async (_name, host, trusted, fault) => {
    const on = pools({ lookup: here, ...(trusted ? { ca: [readFileSync(cert, 'utf8')] } : {}) })
    expect(await send(planOf([tls(host, await serve(hello))]), on)).toMatchObject({
      reject: { reason: 'upstream_refused', fault },
    })
  })
})
