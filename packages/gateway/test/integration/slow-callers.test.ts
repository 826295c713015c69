import { writeFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../support/free-ports.ts'
import { makeCertificate } from '../support/make-certificate.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway, until } from './gateway-process.ts'

const kibibyte = 1024
/** A body or an answer slower than this for a second is too slow: whoever reads as tests do is never cut by mistake. */
const limits = { headTimeout: '1s', bytesPerSecond: '80KiB', slowAfter: '1s', idleTimeout: '2s' }
const bodyBytesMax = 512 * kibibyte
const huge = 'x'.repeat(2 * bodyBytesMax)

let upstream: Server
let gateway: GatewayProcess
let ports: readonly number[]
/** Requests whose connection the gateway closed before they were whole. */
let aborted = 0

beforeAll(async () => {
  upstream = createServer({ noDelay: true }, serve)
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port: upstreamPort } = upstream.address() as AddressInfo
  const folder = makeFolder()
  const pair = makeCertificate({ name: 'a.test', names: ['a.test'] })
  writeFileSync(join(folder, 'a.key'), pair.privateKey, { mode: 0o600 })
  const certificates = [{ certificate: pair.certificate, privateKey: '${file:a.key}' }]
  const api = (path: string, access: unknown, more: object = {}): object => ({
    ...{ listen: { path }, access, ...more },
    upstream: { targets: [`http://127.0.0.1:${upstreamPort}`] },
  })
  ports = await freePorts(2)
  const [plain = 0, secure = 0] = ports
  const key = { kty: 'oct', kid: 'k', k: Buffer.alloc(64, 'k').toString('base64url') }
  gateway = await startGateway({
    folder,
    port: plain,
    workers: 1,
    config: {
      version: 1,
      gateway: {
        limits,
        trace: { accepted: true },
        listeners: [{ port: plain }, { address: '127.0.0.1', port: secure, tls: { certificates } }],
      },
      issuers: {
        main: { issuer: 'https://a.example', audiences: ['a'], algorithms: ['HS256'], keys: { jwks: { keys: [key] } } },
      },
      apis: {
        open: api('/open', 'public', { bodyBytesMax: `${bodyBytesMax}B` }),
        shut: api('/shut', { issuers: ['main'] }),
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  await new Promise((resolve) => upstream.close(resolve))
})

/** Answers a request once it is whole; `/open/large` with 16 MiB, `/open/events` with a stream that falls silent. */
function serve(socket: Socket): void {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    if (text.startsWith('GET /open/large')) {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * kibibyte * kibibyte}\r\n\r\n`)
      for (let at = 0; at < 64; at++) socket.write(Buffer.alloc(kibibyte * kibibyte, 'x'))
    } else if (text.startsWith('GET /open/events')) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
      socket.write('7\r\ndata: 1\r\n')
      setTimeout(() => socket.write('7\r\ndata: 2\r\n0\r\n\r\n'), 3_000)
    } else if (!isWholeRequest(text)) return
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    text = ''
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    if (text !== '') aborted += 1
  })
}

function isWholeRequest(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1]
  if (length === undefined) return !/^transfer-encoding/im.test(text.slice(0, end)) || text.endsWith('0\r\n\r\n')
  return text.length >= end + 4 + Number(length)
}

interface Dialogue {
  readonly socket: Socket
  readonly heard: () => string
  readonly closed: () => boolean
}

function dial(over: Transport): Dialogue {
  const [plain = 0, secure = 0] = ports
  const socket =
    over === 'plain HTTP'
      ? connect(plain, '127.0.0.1')
      : connectTls({ port: secure, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false })
  let text = ''
  let isClosed = false
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  return { socket, heard: () => text, closed: () => isClosed }
}

type Transport = 'plain HTTP' | 'TLS'
const transports: readonly Transport[] = ['plain HTTP', 'TLS']

const post = (path: string, ...lines: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: a.test', ...lines, '\r\n'].join('\r\n')

/** The reason of the last decision that has one of these ids, from the log. */
function lastReason(): string | undefined {
  return [...gateway.output().matchAll(/"reason":"([a-z_]+)"/g)].at(-1)?.[1]
}

/** A few bytes each tenth of a second, until told to stop. */
function trickle(write: (bytes: string) => void, bytes: string): () => void {
  const timer = setInterval(() => write(bytes), 100)
  return () => clearInterval(timer)
}

describe.each(transports)('S15: slow callers over %s', (over) => {
  it('a head that is not whole in time is answered with 408, however busily it comes', async () => {
    const { socket, heard, closed } = dial(over)
    socket.write('GET /open/x HTTP/1.1\r\nHost: a.test\r\n')
    const stop = trickle((bytes) => socket.write(bytes), 'X-A: b\r\n')
    await until(closed)
    stop()
    expect(heard()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(heard()).toContain('"code":"request_timeout"')
    await until(() => lastReason() === 'headers_timeout')
  })

  it.each([
    ['that says its length', 'Content-Length: 100000', 'abc'],
    ['in chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\n'],
  ])(
    'a body %s and trickles in is answered with 408, its request at the upstream broken off',
    async (_, line, bytes) => {
      const before = aborted
      const { socket, heard, closed } = dial(over)
      socket.write(post('/open/x', line))
      const stop = trickle((each) => socket.write(each), bytes)
      await until(closed)
      stop()
      expect(heard()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
      expect(heard().toLowerCase()).toContain('connection: close')
      await until(() => aborted === before + 1)
      await until(() => lastReason() === 'body_timeout')
    },
  )

  it('a body at a fair speed goes through, however long it takes', async () => {
    const { socket, heard } = dial(over)
    const piece = 'x'.repeat(20 * kibibyte)
    socket.write(post('/open/x', `Content-Length: ${25 * piece.length}`))
    let sent = 0
    const stop = trickle((each) => {
      if (sent++ < 25) socket.write(each)
    }, piece)
    await until(() => heard().includes('ok'))
    stop()
    expect(heard()).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
  })

  it('an answer the caller does not take is cut off, and told as caller_slow', async () => {
    const { socket, closed } = dial(over)
    socket.pause()
    socket.write('GET /open/large HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await until(() => lastReason() === 'caller_slow')
    socket.resume()
    await until(closed)
  })

  it('an event stream may be silent, and a caller may wait', async () => {
    const { socket, heard } = dial(over)
    socket.write('GET /open/events HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await until(() => heard().includes('data: 2'))
    socket.destroy()
  })

  it('a connection without a request is closed when its time is up', async () => {
    const { socket, heard, closed } = dial(over)
    socket.write('GET /open/x HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await until(() => heard().includes('ok'))
    expect(closed()).toBe(false)
    await until(closed)
  })
})

describe.each(transports)('S15: large bodies over %s', (over) => {
  it('one that says it is too large is refused before anybody reads it', async () => {
    const { socket, heard, closed } = dial(over)
    socket.write(post('/open/x', `Content-Length: ${bodyBytesMax + 1}`))
    await until(() => heard().includes('\r\n\r\n{'))
    expect(heard()).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"body_too_large"/)
    await until(closed)
    await until(() => lastReason() === 'body_too_large')
  })

  it('one of unknown length is cut off at the first byte too many, and the upstream never has a whole request', async () => {
    const before = aborted
    const { socket, heard, closed } = dial(over)
    const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    socket.write(`${post('/open/x', 'Transfer-Encoding: chunked')}${piece.repeat(8)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(heard()).toBe('')
    socket.write('1\r\nx\r\n')
    await until(closed)
    expect(heard()).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"body_too_large"/)
    await until(() => aborted === before + 1)
  })

  it('one of just that size goes through', async () => {
    const { socket, heard } = dial(over)
    socket.write(post('/open/x', `Content-Length: ${bodyBytesMax}`) + 'x'.repeat(bodyBytesMax))
    await until(() => heard().includes('ok'))
    socket.destroy()
  })

  it.each([
    ['more than 64 KiB of it', 'Content-Length: 100000', true],
    ['of unknown length', 'Transfer-Encoding: chunked', true],
    ['withheld until a 100', 'Content-Length: 10\r\nExpect: 100-continue', true],
    ['of up to 64 KiB', 'Content-Length: 65536', false],
  ])('a refused request with a body %s is answered at once; closes: %s', async (_, line, closes) => {
    const { socket, heard, closed } = dial(over)
    socket.write(post('/shut/x', ...line.split('\r\n')))
    await until(() => heard().includes('"code":"token_missing"'))
    expect(heard()).not.toContain('100 Continue')
    expect(/^connection: close\r$/im.test(heard())).toBe(closes)
    if (closes) {
      await until(closed)
      return
    }
    socket.write(`${'x'.repeat(65_536)}GET /open/x HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    await until(() => heard().includes('ok'))
    socket.destroy()
  })
})

describe('S15 over HTTP/2', () => {
  function open() {
    const session = connectHttp2(`https://127.0.0.1:${ports[1]}`, { servername: 'a.test', rejectUnauthorized: false })
    session.on('error', () => undefined)
    const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
      const stream = session.request(
        { ':method': method, ':path': path, ':authority': 'a.test', ...headers },
        { endStream: method === 'GET' },
      )
      let status = 0
      let isClosed = false
      stream.on('response', (head) => {
        status = Number(head[':status'])
      })
      stream.on('error', () => undefined)
      stream.on('close', () => {
        isClosed = true
      })
      return { stream, status: () => status, closed: () => isClosed }
    }
    return { session, ask }
  }

  it('a body that trickles in is answered with 408, and the other streams go on', async () => {
    const before = aborted
    const { session, ask } = open()
    const slow = ask('POST', '/open/x')
    const stop = trickle((bytes) => {
      if (slow.stream.writable) slow.stream.write(bytes)
    }, 'abc')
    slow.stream.resume()
    await until(slow.closed)
    stop()
    expect(slow.status()).toBe(408)
    await until(() => aborted === before + 1 && lastReason() === 'body_timeout')
    const other = ask('GET', '/open/x')
    other.stream.resume()
    await until(other.closed)
    expect(other.status()).toBe(200)
    session.destroy()
  })

  it('an answer nobody takes ends its stream as caller_slow', async () => {
    const { session, ask } = open()
    const slow = ask('GET', '/open/large')
    slow.stream.pause()
    await until(() => slow.status() === 200)
    await until(() => lastReason() === 'caller_slow')
    session.destroy()
  })

  it('a body that is too large is 413, said or counted', async () => {
    const { session, ask } = open()
    const said = ask('POST', '/open/x', { 'content-length': String(bodyBytesMax + 1) })
    said.stream.resume()
    await until(said.closed)
    const counted = ask('POST', '/open/x')
    counted.stream.resume()
    counted.stream.write(huge)
    await until(counted.closed)
    expect([said.status(), counted.status()]).toEqual([413, 413])
    session.destroy()
  })

  it('a refused request is answered before its body', async () => {
    const { session, ask } = open()
    const refused = ask('POST', '/shut/x')
    refused.stream.resume()
    await until(() => refused.status() === 401)
    refused.stream.write('x'.repeat(200_000))
    await until(refused.closed)
    session.destroy()
  })
})
