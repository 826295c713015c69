import { writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from 'node:http2'
import { join } from 'node:path'
import { generateKey, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../support/make-certificate.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway } from './gateway-process.ts'

/** gRPC over HTTP/2 by hand: a message is a flag byte, four bytes of length, and its bytes. */
function message(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** Calls `take` for each whole message of a stream. */
function readMessages(stream: NodeJS.ReadableStream, take: (text: string) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1)
      take(rest.toString('utf8', 5, end))
      rest = rest.subarray(end)
    }
  })
}

const iss = 'https://idp.example'
const aud = 'https://grpc.test'
const server = createServer()
const seen: Record<string, unknown>[] = []
let gateway: GatewayProcess
let token: string
let session: ClientHttp2Session

/** The service: `/test.Echo/<kind>`. */
function serve(stream: ServerHttp2Stream, path: string): void {
  stream.on('error', () => undefined)
  const got: string[] = []
  const end = (status: string): void => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': 'done', 'x-t': '1' }))
    stream.end()
  }
  if (path.endsWith('/Refuse')) {
    stream.respond({ 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true })
    return
  }
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true })
  readMessages(stream, (text) => {
    got.push(text)
    if (path.endsWith('/Bidi')) stream.write(message(`echo ${text}`))
  })
  stream.on('end', () => {
    if (path.endsWith('/ServerStream')) for (let i = 0; i < 100; i++) stream.write(message(`${i} ${got[0]}`))
    else if (!path.endsWith('/Bidi')) stream.write(message(got.join('+')))
    end('0')
  })
}

beforeAll(async () => {
  server.on('stream', (stream, head) => {
    seen.push(Object.fromEntries(Object.entries(head)))
    serve(stream, String(head[':path']))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  const exp = Math.floor(Date.now() / 1_000) + 600
  token = await signToken({ iss, aud, sub: 'ann', scope: 'a', exp }, { ...made.privateJwk, kid: 'k' })
  const folder = makeFolder()
  const pair = makeCertificate({ name: 'a.test', names: ['a.test'] })
  writeFileSync(join(folder, 'a.key'), pair.privateKey, { mode: 0o600 })
  gateway = await startGateway({
    folder,
    workers: 1,
    config: {
      version: 1,
      gateway: {
        listeners: [{ tls: { certificates: [{ certificate: pair.certificate, privateKey: `\${file:a.key}` }] } }],
      },
      issuers: { main: { issuer: iss, audiences: [aud], keys: { jwks: { keys: [{ ...made.publicJwk, kid: 'k' }] } } } },
      apis: {
        echo: {
          listen: { path: '/test.Echo' },
          upstream: { targets: [`h2c://127.0.0.1:${port}`] },
          access: { issuers: ['main'] },
        },
        admin: {
          listen: { path: '/test.Admin' },
          upstream: { targets: [`h2c://127.0.0.1:${port}`] },
          access: { issuers: ['main'], require: { scopes: { all: ['admin'] } } },
        },
        gone: { listen: { path: '/test.Gone' }, upstream: { targets: ['h2c://127.0.0.1:1'] }, access: 'public' },
      },
    },
  })
  session = connect(`https://127.0.0.1:${gateway.port}`, { servername: 'a.test', rejectUnauthorized: false })
})
afterAll(async () => {
  session.destroy()
  await cleanUp()
  server.close()
})

interface Call {
  readonly send: (text: string) => void
  readonly end: () => void
  readonly messages: string[]
  readonly ended: Promise<{
    readonly head: Record<string, unknown>
    readonly trailers: Record<string, unknown> | undefined
  }>
}

function call(path: string, headers: Record<string, string> = {}): Call {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    ':authority': 'a.test',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  const messages: string[] = []
  let head: Record<string, unknown> = {}
  let trailers: Record<string, unknown> | undefined
  stream.on('response', (each) => {
    head = each
  })
  stream.on('trailers', (each) => {
    trailers = each
  })
  stream.on('error', () => undefined)
  readMessages(stream, (text) => messages.push(text))
  return {
    send: (text) => void stream.write(message(text)),
    end: () => void stream.end(),
    messages,
    ended: new Promise((resolve) => stream.on('close', () => resolve({ head, trailers }))),
  }
}

const withToken = (): Record<string, string> => ({ authorization: `Bearer ${token}` })

describe('gRPC passes to an h2c upstream', () => {
  it('a unary call, with its trailers', async () => {
    const unary = call('/test.Echo/Unary', withToken())
    unary.send('hello')
    unary.end()
    const { head, trailers } = await unary.ended
    expect(head).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' })
    expect(trailers).toMatchObject({ 'grpc-status': '0', 'grpc-message': 'done', 'x-t': '1' })
    expect(unary.messages).toEqual(['hello'])
    expect(seen.at(-1)).toMatchObject({ ':scheme': 'http', te: 'trailers', 'content-type': 'application/grpc' })
  })

  it('client and server streams', async () => {
    const up = call('/test.Echo/ClientStream', withToken())
    for (let i = 0; i < 50; i++) up.send(`${i}`)
    up.end()
    expect((await up.ended).trailers).toMatchObject({ 'grpc-status': '0' })
    expect(up.messages).toEqual([Array.from({ length: 50 }, (_, i) => `${i}`).join('+')])
    const down = call('/test.Echo/ServerStream', withToken())
    down.send('x')
    down.end()
    expect((await down.ended).trailers).toMatchObject({ 'grpc-status': '0' })
    expect(down.messages).toEqual(Array.from({ length: 100 }, (_, i) => `${i} x`))
  })

  it('both ways at once: each message is answered before the next is sent', async () => {
    const bidi = call('/test.Echo/Bidi', withToken())
    for (let i = 0; i < 5; i++) {
      bidi.send(`${i}`)
      await expect.poll(() => bidi.messages.at(-1)).toBe(`echo ${i}`)
    }
    bidi.end()
    expect((await bidi.ended).trailers).toMatchObject({ 'grpc-status': '0' })
  })

  it("the service's own refusal in one block arrives as one block", async () => {
    const refused = call('/test.Echo/Refuse', withToken())
    refused.end()
    const { head, trailers } = await refused.ended
    expect(head).toMatchObject({ ':status': 200, 'grpc-status': '5' })
    expect(trailers).toBeUndefined()
  })
})

describe('a gRPC call the gateway refuses is told in one block, as gRPC clients read it', () => {
  it.each([
    ['without a token', '/test.Echo/Unary', () => ({}), '16', 'token_missing'],
    ['with a forged one', '/test.Echo/Unary', () => ({ authorization: `Bearer ${token}x` }), '16', 'token_invalid'],
    ['without the scope', '/test.Admin/Unary', withToken, '7', 'scope_missing'],
    ['for nothing that exists', '/none/Unary', () => ({}), '12', 'api_unknown'],
    ['whose upstream is gone', '/test.Gone/Unary', () => ({}), '14', 'upstream_unavailable'],
  ])('%s', async (_name, path, headers, status, code) => {
    const before = seen.length
    const refused = call(path, headers())
    refused.send('x')
    refused.end()
    const { head, trailers } = await refused.ended
    expect(head).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': status,
      'grpc-message': code,
      'jotgate-decision': expect.any(String),
    })
    expect(trailers).toBeUndefined()
    expect(refused.messages).toEqual([])
    expect(seen.length).toBe(before)
  })

  it('a caller of something else gets the status itself', async () => {
    const plain = call('/test.Echo/Unary', { 'content-type': 'application/json' })
    plain.end()
    expect((await plain.ended).head).toMatchObject({ ':status': 401, 'www-authenticate': expect.any(String) })
  })
})
