import { writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../support/make-certificate.ts'
import { cleanUp, type GatewayProcess, makeFolder, send, startGateway, until } from './gateway-process.ts'

const aud = 'https://news.test'
const iss = 'https://idp.example'
const certificate = makeCertificate({ name: 'gateway', names: ['gateway.test'] })

let upstream: Server
const streams = new Map<string, ServerResponse>()
const gone = new Set<string>()
let provider: Server
let gateway: GatewayProcess
let privateJwk: Jwk
let publicJwk: Jwk

async function bearer(livesSeconds = 600): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return `Bearer ${await signToken({ iss, aud, sub: 'alice', iat: now, exp: now + livesSeconds }, privateJwk, {})}`
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

beforeAll(async () => {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  privateJwk = { ...made.privateJwk, kid: 'k' }
  publicJwk = { ...made.publicJwk, kid: 'k' }
  provider = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [publicJwk] }))
  })
  upstream = createServer((request, response) => {
    const path = request.url ?? ''
    const type = path.includes('/download') ? 'application/octet-stream' : 'Text/Event-Stream; charset=utf-8'
    response.writeHead(200, { 'Content-Type': type })
    response.flushHeaders()
    streams.set(path, response)
    response.on('close', () => gone.add(path))
  })
  for (const server of [provider, upstream]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const folder = makeFolder()
  writeFileSync(join(folder, 'gateway.pem'), certificate.certificate)
  writeFileSync(join(folder, 'gateway.key'), certificate.privateKey, { mode: 0o600 })
  gateway = await startGateway({ workers: 1, folder, drainMs: 2_000, config: config() })
})
afterAll(async () => {
  await cleanUp()
  provider.close()
  upstream.closeAllConnections()
  upstream.close()
})

function config(): object {
  const files = { certificate: '$' + '{file:gateway.pem}', privateKey: '$' + '{file:gateway.key}' }
  const api = (path: string, more: object = {}, timeouts: object = {}): object => ({
    listen: { path },
    upstream: { targets: [`http://127.0.0.1:${portOf(upstream)}`], responseTimeout: '500ms', ...timeouts },
    access: { issuers: ['main'] },
    ...more,
  })
  return {
    version: 1,
    gateway: {
      listeners: [
        { address: '127.0.0.1', port: 0 },
        { address: '127.0.0.1', port: 0, tls: { certificates: [files] } },
      ],
    },
    issuers: {
      main: {
        issuer: iss,
        audiences: [aud],
        clockSkew: { exp: '0s' },
        keys: { jwksUri: `http://127.0.0.1:${portOf(provider)}/` },
        allowInsecureHttp: true,
      },
    },
    apis: {
      news: api('/news'),
      quiet: api('/quiet', {}, { streamIdleTimeout: '800ms' }),
      cut: api('/cut', { cutAtExpiry: true }, { responseTimeout: '30s' }),
      whole: api('/whole', {}, { responseTimeout: '30s' }),
    },
  }
}

interface Reader {
  readonly socket: Socket
  readonly text: () => string
  readonly isClosed: () => boolean
}

async function read(path: string, livesSeconds?: number): Promise<Reader> {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  let text = ''
  let closed = false
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed = true
  })
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: ${await bearer(livesSeconds)}\r\n\r\n`)
  return { socket, text: () => text, isClosed: () => closed }
}

function lastLine(path: string): Record<string, unknown> | undefined {
  const lines = gateway.output().split('\n')
  const line = lines.filter((one) => one.includes(`"path":"${path}"`)).at(-1)
  return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>)
}

describe('S16 an event stream', () => {
  it('arrives as it is sent: its head at once, each event by itself', async () => {
    const reader = await read('/news/flush')
    await until(() => reader.text().includes('\r\n\r\n'))
    expect(reader.text()).toContain('HTTP/1.1 200')
    const stream = await until(() => streams.get('/news/flush'))
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      stream.write(event)
      await until(() => reader.text().includes(event), 1_000)
    }
    reader.socket.destroy()
    await until(() => gone.has('/news/flush'))
    expect(await until(() => lastLine('/news/flush'))).toMatchObject({ reason: 'caller_gone' })
  })

  it('may be silent for longer than an answer may', async () => {
    const reader = await read('/news/silent')
    const stream = await until(() => streams.get('/news/silent'))
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    stream.end('data: late\n\n')
    await until(() => reader.text().endsWith('0\r\n\r\n'))
    expect(await until(() => lastLine('/news/silent'))).toMatchObject({ outcome: 'forwarded', status: 200 })
    expect(lastLine('/news/silent')).not.toHaveProperty('ended')
    reader.socket.destroy()
  })

  it('ends when it is silent for longer than its own limit', async () => {
    const reader = await read('/quiet/silent')
    await until(() => reader.isClosed())
    expect(await until(() => lastLine('/quiet/silent'))).toMatchObject({ reason: 'upstream_timeout' })
  })

  it('ends with its token, however busy it is, and is not called whole', async () => {
    const reader = await read('/news/expires', 2)
    const stream = await until(() => streams.get('/news/expires'))
    const busy = setInterval(() => stream.write('data: tick\n\n'), 50)
    const started = Date.now()
    await until(() => reader.isClosed())
    clearInterval(busy)
    expect(Date.now() - started).toBeLessThan(3_000)
    expect(reader.text()).toContain('data: tick')
    expect(reader.text()).not.toMatch(/\r\n0\r\n/)
    await until(() => gone.has('/news/expires'))
    expect(await until(() => lastLine('/news/expires'))).toMatchObject({ outcome: 'forwarded', ended: 'expired' })
  })

  it('is reset for a caller of HTTP/2, and the other streams of the session go on', async () => {
    const { listeners } = JSON.parse(/^\{.*"event":"ready".*\}$/m.exec(gateway.output())?.[0] ?? '{}') as Ready
    const session: ClientHttp2Session = connectHttp2(`https://gateway.test:${listeners[1]?.port}`, {
      ca: certificate.certificate,
      lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    const ask = (path: string, token: string) => {
      const stream = session.request({ ':path': path, authorization: token })
      stream.on('error', () => undefined)
      stream.resume()
      return stream
    }
    const ended = ask('/news/h2-expires', await bearer(2))
    const other = ask('/news/h2-other', await bearer())
    await new Promise((resolve) => ended.on('close', resolve))
    expect(ended.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect(await until(() => lastLine('/news/h2-expires'))).toMatchObject({ ended: 'expired' })
    let heard = ''
    other.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
    })
    streams.get('/news/h2-other')?.write('data: still\n\n')
    await until(() => heard.includes('still'))
    session.destroy()
  })
})

interface Ready {
  readonly listeners: readonly { readonly port: number }[]
}

describe('S16 an ordinary long answer', () => {
  it('is finished although its token expired', async () => {
    const reader = await read('/whole/download', 2)
    const stream = await until(() => streams.get('/whole/download'))
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    stream.end('the rest')
    await until(() => reader.text().endsWith('0\r\n\r\n'))
    expect(await until(() => lastLine('/whole/download'))).toMatchObject({ outcome: 'forwarded' })
    reader.socket.destroy()
  })

  it('ends with its token where the API says cutAtExpiry', async () => {
    const reader = await read('/cut/download', 2)
    const stream = await until(() => streams.get('/cut/download'))
    stream.write('the beginning')
    await until(() => reader.isClosed())
    expect(reader.text()).toContain('the beginning')
    expect(await until(() => lastLine('/cut/download'))).toMatchObject({ ended: 'expired' })
  })
})

describe('S16 event streams that nobody vouches for any more', () => {
  it('end within a second when their key is distrusted', async () => {
    const reader = await read('/news/distrusted')
    await until(() => reader.text().includes('\r\n\r\n'))
    const path = '/keys/main/distrust'
    const headers = { Authorization: `Bearer ${gateway.adminToken}`, 'Content-Type': 'application/json' }
    const { status } = await send(gateway.adminUrl + path, { method: 'POST', headers, body: '{"kid":"k"}' })
    expect(status).toBe(200)
    await until(() => reader.isClosed(), 1_000)
    expect(await until(() => lastLine('/news/distrusted'))).toMatchObject({ ended: 'distrusted' })
  })

  it('end before the drain deadline', async () => {
    const open = { listen: { path: '/' }, upstream: { targets: [`http://127.0.0.1:${portOf(upstream)}`] } }
    const config = { version: 1, apis: { open: { ...open, access: 'public' } } }
    const one = await startGateway({ workers: 1, drainMs: 2_000, config })
    const socket = connect({ port: one.port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.write('GET /drained HTTP/1.1\r\nHost: gateway.test\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    const started = Date.now()
    one.process.kill('SIGTERM')
    expect(await one.exited).toBe(0)
    expect(Date.now() - started).toBeLessThan(3_500)
    expect(one.output()).toContain('"ended":"drain"')
  })
})
