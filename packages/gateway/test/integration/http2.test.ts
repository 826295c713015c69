import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateKey, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCertificate } from '../support/make-certificate.ts'
import { type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway, until } from './gateway-process.ts'

const run = promisify(execFile)
const iss = 'https://idp.example'
const aud = 'https://orders.test'

let gateway: GatewayProcess
let upstream: StrictUpstream
let token: string
const held: Socket[] = []

beforeAll(async () => {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  const exp = Math.floor(Date.now() / 1_000) + 600
  token = await signToken({ iss, aud, sub: 'ann', exp }, { ...made.privateJwk, kid: 'k' })
  upstream = await startStrictUpstream((request, socket) => {
    if (request.target === '/open/held') held.push(socket)
    else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${request.body.length}\r\nX-Up: 1\r\n\r\n${request.body}`)
  })
  const folder = makeFolder()
  const certificates = ['a.test', 'b.test'].map((name) => {
    const pair = makeCertificate({ name, names: [name] })
    writeFileSync(join(folder, `${name}.key`), pair.privateKey, { mode: 0o600 })
    return { certificate: pair.certificate, privateKey: `\${file:${name}.key}` }
  })
  const api = (path: string, access: unknown): object => ({
    listen: { path },
    upstream: { targets: [upstream.url] },
    access,
  })
  gateway = await startGateway({
    folder,
    workers: 1,
    config: {
      version: 1,
      gateway: { listeners: [{ tls: { certificates } }] },
      issuers: { main: { issuer: iss, audiences: [aud], keys: { jwks: { keys: [{ ...made.publicJwk, kid: 'k' }] } } } },
      apis: { orders: api('/orders', { issuers: ['main'] }), open: api('/open', 'public') },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})
beforeEach(() => expect(upstream.faults).toEqual([]))

function open(servername = 'a.test'): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${gateway.port}`, { servername, rejectUnauthorized: false })
  session.on('error', () => undefined)
  return session
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function ask(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string | string[]>> = {},
  body = '',
): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': path, ':authority': 'a.test', ...headers }, { endStream: body === '' })
    let text = ''
    let head: Record<string, unknown> = {}
    stream.on('response', (each) => {
      head = each
    })
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      text += chunk
    })
    stream.on('error', () => undefined)
    stream.on('close', () => resolve({ status: Number(head[':status'] ?? 0), headers: head, body: text }))
    if (body !== '') stream.end(body)
  })
}

async function curl(...args: readonly string[]): Promise<string> {
  const resolve = ['a.test', 'b.test'].flatMap((name) => ['--resolve', `${name}:${gateway.port}:127.0.0.1`])
  return (await run('curl', ['-sSk', '--http2', ...resolve, ...args])).stdout
}

describe('S13 HTTP/2 through the product becomes exactly one HTTP/1.1 request', () => {
  it('the rules for tokens hold as for HTTP/1.1', async () => {
    const session = open()
    const none = await ask(session, '/orders/1')
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Bearer/)])
    const good = await ask(session, '/orders/1', { authorization: `Bearer ${token}` })
    expect([good.status, good.headers['x-up']]).toEqual([200, '1'])
    expect((await ask(session, '/orders/1', { authorization: `Bearer ${token}x` })).status).toBe(401)
    const decision = String(none.headers['jotgate-decision'])
    expect(decision).not.toBe('undefined')
    await until(() => gateway.output().includes(decision))
    session.close()
  })

  it('arrives with the host of :authority, one cookie line, HTTP/2 named in Via, nothing of the connection', async () => {
    const session = open()
    const before = upstream.requests.length
    const cookie = ['a=1', 'b=2']
    await ask(session, '/open/x?y=%20', { cookie, te: 'trailers', 'x-forwarded-for': '6.6.6.6' })
    const request = upstream.requests[before]
    expect(request?.line).toBe('GET /open/x?y=%20 HTTP/1.1')
    const value = (name: string): string[] =>
      (request?.headers ?? []).filter(([each]) => each.toLowerCase() === name).map(([, text]) => text)
    expect(value('cookie')).toEqual(['a=1; b=2'])
    expect(value('x-forwarded-host')).toEqual(['a.test'])
    expect(value('x-forwarded-proto')).toEqual(['https'])
    expect(value('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(value('via')).toEqual([expect.stringMatching(/^2\.0 /)])
    session.close()
  })

  it('bodies go both ways, with a length and without', async () => {
    const session = open()
    const body = 'x'.repeat(300_000)
    const post = { ':method': 'POST' }
    expect((await ask(session, '/open/b', { ...post, 'content-length': String(body.length) }, body)).body).toBe(body)
    expect((await ask(session, '/open/b', post, body)).body).toBe(body)
    session.close()
  })

  it('a name another certificate answers to is misdirected, on that stream alone', async () => {
    const session = open('a.test')
    const other = await ask(session, '/open/x', { ':authority': 'b.test' })
    expect(other.status).toBe(421)
    expect((await ask(session, '/open/x')).status).toBe(200)
    session.close()
  })

  it('what only the gateway finds wrong gets an answer, and the session goes on', async () => {
    const session = open()
    const before = upstream.requests.length
    expect((await ask(session, '/open/x', { host: 'b.test' })).status).toBe(400)
    expect((await ask(session, '/open/x', { ':scheme': 'http' })).status).toBe(400)
    expect((await ask(session, '/open/../x')).status).toBe(400)
    expect((await ask(session, '/open/x', { ':authority': 'u@a.test' })).status).not.toBe(200)
    expect((await ask(session, '/open/x', { 'x-long': 'v'.repeat(17_000) })).status).toBe(431)
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, '1']))
    expect((await ask(session, '/open/x', many)).status).toBe(431)
    expect(upstream.requests.length).toBe(before)
    expect((await ask(session, '/open/x')).status).toBe(200)
    session.close()
  })

  it('a caller that resets its stream costs the upstream its connection, and nobody else anything', async () => {
    const session = open()
    const stream = session.request({ ':path': '/open/held', ':authority': 'a.test' })
    stream.on('error', () => undefined)
    const socket = await until(() => held.pop())
    const closed = new Promise((resolve) => socket.on('close', resolve))
    stream.close(8)
    await closed
    expect((await ask(session, '/open/x')).status).toBe(200)
    session.close()
  })
})

describe('clients as they are', () => {
  it.skipIf(!existsSync('/usr/bin/curl'))('curl --http2', async () => {
    const url = `https://a.test:${gateway.port}`
    expect(await curl('-w', '%{http_version} %{http_code}', '-o', '/dev/null', `${url}/open/x`)).toBe('2 200')
    expect(await curl('-w', '%{http_version} %{http_code}', '-o', '/dev/null', `${url}/orders/x`)).toBe('2 401')
    const bearer = `Authorization: Bearer ${token}`
    expect(await curl('-H', bearer, '-d', 'hello', `${url}/orders/x`)).toBe('hello')
    expect(await curl('-w', '%{http_code}', '-o', '/dev/null', '-H', 'Host: b.test', `${url}/open/x`)).toBe('421')
    expect(await curl('--http1.1', '-w', '%{http_version}', '-o', '/dev/null', `${url}/open/x`)).toBe('1.1')
  })

  it.skipIf(!existsSync('/usr/bin/h2load'))(
    'h2load: 5,000 requests with tokens on 10 sessions of 20 streams',
    async () => {
      const url = `https://127.0.0.1:${gateway.port}/orders/x`
      const headers = ['-H', `Authorization: Bearer ${token}`]
      const { stdout } = await run('h2load', ['-n', '5000', '-c', '10', '-m', '20', ...headers, url])
      expect(stdout).toContain('5000 succeeded, 0 failed, 0 errored, 0 timeout')
      expect(stdout).toContain('5000 2xx')
    },
  )
})

describe('the end', () => {
  it('a session is told to go, and what is under way is finished', async () => {
    const session = open()
    const underWay = ask(session, '/open/held')
    const socket = await until(() => held.pop())
    const told = new Promise<number>((resolve) => session.on('goaway', resolve))
    gateway.process.kill('SIGTERM')
    expect(await told).toBe(0)
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nfinished')
    expect(await underWay).toMatchObject({ status: 200, body: 'finished' })
    expect(await gateway.exited).toBe(0)
  })
})
