import { randomBytes } from 'node:crypto'
import { connect as connectHttp2 } from 'node:http2'
import { request } from 'node:https'
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { plainListener } from '../../../test/fixtures/limits.ts'
import { clientHello } from '../../../test/support/client-hello.ts'
import { makeCertificate, type Pair, thumbprintOf } from '../../../test/support/make-certificate.ts'
import type { ListenerPlan } from '../../compile/plan.ts'
import type { Exchange } from '../exchange.ts'
import { type Listener, listen } from './listener.ts'
import type { TlsCounts } from './tls-front.ts'
import { prepareTls } from './tls-material.ts'

const root = makeCertificate({ name: 'root', ca: true })
const own = makeCertificate({ name: 'a', names: ['a.example', 'localhost'], issuer: root })
const rsa = makeCertificate({ name: 'a-rsa', names: ['a.example'], keyType: 'rsa', issuer: root })
const second = makeCertificate({ name: 'b', names: ['*.b.example'], issuer: root })
const clients = makeCertificate({ name: 'clients', ca: true })
const client = makeCertificate({ name: 'client', issuer: clients })
const stranger = makeCertificate({ name: 'client', issuer: root })
const late = makeCertificate({ name: 'client', issuer: clients, toMs: Date.now() - 1000 })

const listeners: Listener[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(listeners.splice(0).map((listener) => listener.drain(0)))
  vi.useRealTimers()
})

interface Opened {
  readonly listener: Listener
  readonly counts: TlsCounts
  readonly failures: string[]
  readonly seen: Exchange[]
}

function planOf(overrides: Partial<ListenerPlan> = {}, pairs: readonly Pair[] = [own, rsa, second]): ListenerPlan {
  const certificates = pairs.map((pair) => ({
    names: pair === own ? ['a.example', 'localhost'] : pair === rsa ? ['a.example'] : ['*.b.example'],
    notAfterMs: 0,
    keyType: pair.key.asymmetricKeyType ?? '',
    chain: pair.certificate + root.certificate,
    privateKey: pair.privateKey,
  }))
  const plain = { clientCertificate: 'none', clientCa: undefined, http2: false, minVersion: 'TLSv1.2' } as const
  return { listener: 3, certificates, ...plain, ...overrides }
}

async function open(plan: ListenerPlan, ticketKey = randomBytes(48)): Promise<Opened> {
  const counts: TlsCounts = { handshakes: 0, resumed: 0, failed: 0, plain: 0, certificatesRefused: 0 }
  const failures: string[] = []
  const seen: Exchange[] = []
  const listener = await listen(
    {
      handle: (exchange) => {
        seen.push(exchange)
        if (exchange.target !== '/later') exchange.reply.send(200, [], 'served', false)
      },
      refuse: () => undefined,
      refuseRaw: () => 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n',
    },
    {
      address: '127.0.0.1',
      port: 0,
      exclusive: true,
      reusePort: false,
      listener: 3,
      ...plainListener,
      tls: { material: prepareTls(plan), ticketKey, counts, onFailure: (code) => failures.push(code) },
    },
  )
  listeners.push(listener)
  return { listener, counts, failures, seen }
}

interface Call {
  readonly status: number | undefined
  readonly socket: TLSSocket
  /** The last session ticket the gateway sent. */
  readonly session: Buffer | undefined
  readonly reused: boolean
  readonly subject: string
}

/** One request on a connection of its own; rejects with what the handshake or the connection ended in. */
function call({ listener }: Opened, options: ConnectionOptions & { readonly target?: string } = {}): Promise<Call> {
  const { target = '/', ...rest } = options
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: listener.port,
      servername: 'a.example',
      ca: root.certificate,
      ...rest,
    })
    sockets.push(socket)
    let session: Buffer | undefined
    let text = ''
    socket.on('session', (ticket) => {
      session = ticket
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed without an answer')))
    socket.on('data', (chunk) => {
      text += chunk
      if (!text.includes('served')) return
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])
      const subject = String(socket.getPeerCertificate().subject?.CN)
      // TLS 1.2 tells a session within the handshake, TLS 1.3 around the first answer.
      setImmediate(() => resolve({ status, socket, session, reused: socket.isSessionReused(), subject }))
    })
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${rest.servername || 'a.example'}\r\n\r\n`)
  })
}

/** Passes on what a caller sends first a few bytes at a time, and then everything. */
async function relayInPieces(caller: Socket, port: number, pieces: number): Promise<void> {
  const gateway = connectTcp({ port, host: '127.0.0.1', noDelay: true })
  sockets.push(caller, gateway)
  for (const socket of [caller, gateway]) socket.on('error', () => undefined)
  gateway.pipe(caller)
  const first: Buffer = await new Promise((resolve) => caller.once('data', resolve))
  caller.pause()
  const bytes = Math.ceil(first.length / pieces)
  for (let at = 0; at < first.length; at += bytes) {
    gateway.write(first.subarray(at, at + bytes))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  caller.pipe(gateway)
}

function pairOf({ certificate, privateKey }: Pair): ConnectionOptions {
  return { cert: certificate, key: privateKey }
}

describe('a TLS port', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'speaks %s, and says https, its own listener and the name that was asked for',
    async (minVersion) => {
      const port = await open(planOf())
      const { status, socket } = await call(port, { minVersion, maxVersion: minVersion, servername: 'A.example' })
      expect([status, socket.getProtocol()]).toEqual([200, minVersion])
      expect(port.seen[0]).toMatchObject({
        scheme: 'https',
        listener: 3,
        peer: '127.0.0.1',
        tls: { serverName: 'a.example', clientCertificate: undefined },
      })
    },
  )

  it.each([
    ['TLSv1.1', 'TLSv1.2'],
    ['TLSv1.2', 'TLSv1.3'],
  ] as const)('refuses %s where %s is the oldest', async (maxVersion, minVersion) => {
    const port = await open(planOf({ minVersion }))
    const old = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    await expect(call(port, old)).rejects.toThrow(/version|protocol/)
    await vi.waitFor(() => expect(port.counts.failed).toBe(1))
    expect(port.failures[0]).toMatch(/VERSION|PROTOCOL/)
  })

  it.each([
    ['its own name', 'a.example', undefined, 'a'],
    ['a wildcard', 'x.b.example', undefined, 'b'],
    ['no name', '', undefined, 'a'],
    ['a name nobody has', 'c.example', undefined, 'a'],
    ['its own name, for a caller that verifies RSA alone', 'a.example', 'rsa_pss_rsae_sha256', 'a-rsa'],
  ])('shows the certificate for %s', async (_name, servername, sigalgs, subject) => {
    const port = await open(planOf())
    const strangers = { checkServerIdentity: () => undefined }
    const options = { servername, ...strangers, ...(sigalgs === undefined ? {} : { sigalgs }) }
    expect((await call(port, options)).subject).toBe(subject)
  })

  it.each([
    [10, 'its name asks for', 'b'],
    [100, 'comes first', 'a'],
  ])(
    'serves a caller whose first message comes in %i pieces, with the certificate that %s',
    async (pieces, _which, subject) => {
      const port = await open(planOf())
      const relay = createTcpServer((caller) => void relayInPieces(caller, port.listener.port, pieces))
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
      const relayed = { ...port, listener: { ...port.listener, port: (relay.address() as AddressInfo).port } }
      const shown = await call(relayed, { servername: 'x.b.example', checkServerIdentity: () => undefined })
      expect([shown.status, shown.subject]).toEqual([200, subject])
      relay.close()
    },
  )

  it('shows new certificates to new connections, and open ones go on', async () => {
    const port = await open(planOf())
    const before = await call(port)
    const next = makeCertificate({ name: 'renewed', names: ['a.example'], issuer: root })
    port.listener.tls?.use(prepareTls(planOf({}, [{ ...next }])))
    expect((await call(port, { checkServerIdentity: () => undefined })).subject).toBe('renewed')
    const again = new Promise((resolve) => before.socket.once('data', (chunk) => resolve(String(chunk))))
    before.socket.write('GET /again HTTP/1.1\r\nHost: a.example\r\n\r\n')
    expect(await again).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('chooses HTTP/1.1, refuses a caller that offers neither, and serves one that offers nothing', async () => {
    const port = await open(planOf())
    expect((await call(port, { ALPNProtocols: ['h2', 'http/1.1'] })).socket.alpnProtocol).toBe('http/1.1')
    expect((await call(port)).socket.alpnProtocol).toBe(false)
    await expect(call(port, { ALPNProtocols: ['smtp'] })).rejects.toThrow(/no application protocol/)
  })

  it('speaks HTTP/2 to a caller that asks for it, where it is offered', async () => {
    const port = await open(planOf({ http2: true }))
    const { port: number } = port.listener
    const session = connectHttp2(`https://127.0.0.1:${number}`, { ca: root.certificate, servername: 'a.example' })
    const stream = session.request({ ':path': '/', ':authority': 'a.example' })
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])))
    expect(status).toBe(200)
    expect(port.seen[0]).toMatchObject({ httpVersion: '2.0', listener: 3, tls: { serverName: 'a.example' } })
    expect((await call(port, { ALPNProtocols: ['http/1.1'] })).socket.alpnProtocol).toBe('http/1.1')
    expect((await call(port)).socket.alpnProtocol).toBe(false)
    const gone = new Promise((resolve) => session.once('close', resolve))
    port.listener.farewell()
    await port.listener.drain(5_000)
    await gone
  })

  it('tells plain HTTP so, in plain words, and counts it', async () => {
    const port = await open(planOf())
    const text = await new Promise<string>((resolve) => {
      const socket = connectTcp(port.listener.port, '127.0.0.1')
      sockets.push(socket)
      let got = ''
      socket.on('data', (chunk) => {
        got += chunk
      })
      socket.on('end', () => resolve(got))
      socket.write(`POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`)
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n(.*\r\n)*Content-Type: text\/plain/)
    expect(text).toContain('\r\n\r\nThis port speaks TLS')
    expect(port.counts).toMatchObject({ plain: 1, failed: 0 })
    expect(port.seen).toEqual([])
  })

  it('survives bytes that are neither, and callers that leave in the middle', async () => {
    const port = await open(planOf())
    for (const bytes of [Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]), Buffer.from([0x16]), randomBytes(300), '']) {
      const socket = connectTcp(port.listener.port, '127.0.0.1')
      socket.on('error', () => undefined)
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.end(bytes)
      await new Promise((resolve) => socket.resume().once('close', resolve))
    }
    expect((await call(port)).status).toBe(200)
    await vi.waitFor(async () => expect((await port.listener.load()).connections).toBe(1))
  })
})

describe('S15 a caller has ten seconds for its first message, and ten for the handshake', () => {
  it('then it is let go, however little it says; after the handshake as on a plain port', {
    timeout: 30_000,
  }, async () => {
    const port = await open(planOf())
    const hello = await clientHello({ servername: 'a.example' })
    const ways: readonly ((socket: Socket) => void)[] = [
      () => undefined,
      (socket) => void socket.write(hello.subarray(0, 60)),
      (socket) => trickle(socket, hello),
      (socket) => void socket.write(hello),
    ]
    const silent = connect({
      host: '127.0.0.1',
      port: port.listener.port,
      ca: root.certificate,
      servername: 'a.example',
    })
    const opened = ways.map((speak) => {
      const socket = connectTcp(port.listener.port, '127.0.0.1')
      speak(socket)
      return socket
    })
    const startMs = Date.now()
    await Promise.all([silent, ...opened].map((socket) => closed(socket)))
    expect(Date.now() - startMs).toBeGreaterThan(9_000)
    expect(Date.now() - startMs).toBeLessThan(13_000)
    await vi.waitFor(() => expect(port.counts.failed).toBe(3))
    expect(port.failures.toSorted()).toEqual([
      'ERR_TLS_HANDSHAKE_TIMEOUT',
      'client_hello_unfinished',
      'client_hello_unfinished',
    ])
  })
})

/** One byte of a ClientHello every second. */
function trickle(socket: Socket, hello: Buffer): void {
  let at = 0
  const timer = setInterval(() => socket.write(hello.subarray(at, ++at)), 1000)
  socket.once('close', () => clearInterval(timer))
}

function closed(socket: Socket): Promise<void> {
  sockets.push(socket)
  socket.on('error', () => undefined)
  return new Promise((resolve) => socket.resume().once('close', () => resolve()))
}

describe('sessions', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s are resumed by whoever has the ticket key, until it is replaced',
    async (version) => {
      const key = randomBytes(48)
      const [one, other] = await Promise.all([open(planOf(), key), open(planOf(), key)])
      const on = { minVersion: version, maxVersion: version }
      for (const servername of ['a.example', 'x.b.example']) {
        const { session } = await call(one, { ...on, servername })
        expect((await call(other, { ...on, servername, session })).reused).toBe(true)
      }
      expect(other.counts.resumed).toBe(2)
      const { session } = await call(one, on)
      other.listener.tls?.useTicketKey(randomBytes(48))
      expect(await call(other, { ...on, session })).toMatchObject({ reused: false, status: 200 })
    },
  )

  it('survive new certificates', async () => {
    const port = await open(planOf())
    const { session } = await call(port)
    port.listener.tls?.use(prepareTls(planOf({}, [own])))
    expect((await call(port, { session })).reused).toBe(true)
  })
})

describe('S36 client certificates', () => {
  const required = planOf({ clientCertificate: 'require', clientCa: clients.certificate })
  const requested = planOf({ clientCertificate: 'request', clientCa: clients.certificate })

  it('are noted by their SHA-256, also on a resumed session', async () => {
    for (const [version, plan] of [
      ['TLSv1.2', required],
      ['TLSv1.3', requested],
    ] as const) {
      const port = await open(plan)
      const on = { ...pairOf(client), minVersion: version, maxVersion: version }
      const { session } = await call(port, on)
      const again = await call(port, { minVersion: version, maxVersion: version, session })
      expect(again.reused).toBe(true)
      expect(port.seen.map(({ tls }) => tls?.clientCertificate)).toEqual([thumbprintOf(client), thumbprintOf(client)])
    }
  })

  it.each([
    ['none', {}],
    ['one of another issuer', pairOf(stranger)],
    ['one that signed itself', pairOf(makeCertificate({ name: 'client' }))],
    ['one that has expired', pairOf(late)],
  ])('where one is required, %s ends the connection before a request', async (_name, shown) => {
    const port = await open(required)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      await expect(call(port, { ...shown, minVersion: version, maxVersion: version })).rejects.toThrow()
    }
    expect(port.seen).toEqual([])
    await vi.waitFor(() => expect(port.counts.certificatesRefused).toBe(2))
  })

  it('where one is asked for, none is served without one, and a bad one still ends the connection', async () => {
    const port = await open(requested)
    expect((await call(port)).status).toBe(200)
    expect(port.seen[0]?.tls?.clientCertificate).toBeUndefined()
    await expect(call(port, pairOf(stranger))).rejects.toThrow()
    expect(port.seen).toHaveLength(1)
  })

  it('a session made without one opens nothing where one is required', async () => {
    const key = randomBytes(48)
    const without = await open(planOf(), key)
    const asking = await open(requested, key)
    const port = await open(required, key)
    for (const one of [without, asking]) {
      const { session } = await call(one)
      await expect(call(port, { session })).rejects.toThrow()
    }
    // The gateway's last handshake flight holds a ticket before it can refuse.
    const ticket = await new Promise<Buffer | undefined>((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port: port.listener.port,
        ca: root.certificate,
        servername: 'a.example',
      })
      let got: Buffer | undefined
      socket.on('session', (session) => {
        got = session
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(got))
    })
    if (ticket !== undefined) await expect(call(port, { session: ticket })).rejects.toThrow()
    expect(port.seen).toEqual([])
  })

  it('a session does not outlive the trust it was made under', async () => {
    const port = await open(required)
    const { session } = await call(port, pairOf(client))
    const others = makeCertificate({ name: 'others', ca: true })
    port.listener.tls?.use(prepareTls(planOf({ clientCertificate: 'require', clientCa: others.certificate })))
    await expect(call(port, { ...pairOf(client), session })).rejects.toThrow()
    expect(port.seen).toHaveLength(1)
  })
})

describe('the end, on a TLS port', () => {
  it('idle and silent connections are closed, an answer under way is finished first', { timeout: 20_000 }, async () => {
    const port = await open(planOf())
    const idle = await call(port)
    const silent = connectTcp(port.listener.port, '127.0.0.1')
    const idleClosed = new Promise((resolve) => idle.socket.once('close', resolve))
    const silentClosed = new Promise((resolve) => silent.resume().once('close', resolve))
    const late = new Promise<string>((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: port.listener.port,
          servername: 'a.example',
          ca: root.certificate,
          path: '/later',
          agent: false,
        },
        (response) => {
          response.resume()
          resolve(`${response.statusCode} ${response.headers.connection}`)
        },
      )
      sent.on('error', reject)
      sent.end()
    })
    await vi.waitFor(() => expect(port.seen).toHaveLength(2))
    expect(await port.listener.load()).toEqual({ connections: 3, requests: 1 })
    port.listener.farewell()
    const drained = port.listener.drain(15_000)
    await Promise.all([idleClosed, silentClosed])
    port.seen[1]?.reply.send(200, [], 'served', false)
    expect(await late).toBe('200 close')
    await drained
  })

  it('what is not done by the deadline is cut off, handshakes too', async () => {
    const port = await open(planOf())
    const halfway = connectTcp(port.listener.port, '127.0.0.1')
    halfway.on('error', () => undefined)
    halfway.write(await clientHello({ servername: 'a.example' }))
    const waiting = call(port, { target: '/later' })
    await vi.waitFor(() => expect(port.seen).toHaveLength(1))
    const gone = closed(halfway)
    await port.listener.drain(100)
    await expect(waiting).rejects.toThrow()
    await gone
  })
})
