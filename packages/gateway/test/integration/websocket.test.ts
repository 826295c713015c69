import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../support/make-certificate.ts'
import { type Handshake, openWebSocket, usualLines, type WebSocketCaller } from '../support/web-socket-caller.ts'
import { closeCode, frame, opcodes } from '../support/web-socket-frames.ts'
import { agreement, startWebSocketUpstream, type WebSocketUpstream } from '../support/web-socket-upstream.ts'
import { openWire } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, makeFolder, send, startGateway, until } from './gateway-process.ts'

const aud = 'https://chat.test'
const app = 'https://app.example'
const mebibyte = 1024 * 1024
const issuers = { main: 'https://idp.example', fetched: 'https://keys.example' }

let upstream: WebSocketUpstream
let gateway: GatewayProcess
let provider: Server
let privateJwk: Jwk
let publicJwk: Jwk
let folder: string

const certificate = makeCertificate({ name: 'gateway', names: ['gateway.test'] })

interface Wish {
  readonly iss?: string
  readonly livesSeconds?: number
}

async function bearer({ iss = issuers.main, livesSeconds = 600 }: Wish = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return signToken({ iss, aud, sub: 'alice', iat: now, exp: now + livesSeconds }, privateJwk, {})
}

async function authorization(wish: Wish = {}): Promise<string> {
  return `Authorization: Bearer ${await bearer(wish)}`
}

function config(change: object = {}): object {
  const clockSkew = { exp: '0s' }
  const api = (path: string, more: object = {}): object => ({
    listen: { path },
    upstream: { targets: [upstream.url] },
    access: { issuers: ['main', 'fetched'] },
    websocket: true,
    forward: { claims: { 'X-User': { claim: 'sub' }, 'X-Issuer': 'iss' } },
    ...more,
  })
  return {
    version: 1,
    gateway: {
      listeners: [
        { address: '127.0.0.1', port: 0 },
        {
          address: '127.0.0.1',
          port: 0,
          tls: { certificates: [{ certificate: '${file:gateway.pem}', privateKey: '${file:gateway.key}' }] },
        },
      ],
    },
    issuers: {
      main: { issuer: issuers.main, audiences: [aud], clockSkew, keys: { jwks: { keys: [publicJwk] } } },
      fetched: {
        issuer: issuers.fetched,
        audiences: [aud],
        clockSkew,
        keys: { jwksUri: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/` },
        allowInsecureHttp: true,
      },
    },
    apis: {
      chat: api('/chat'),
      idle: api('/idle', { websocket: { idleTimeout: '400ms' } }),
      off: api('/off', { websocket: false }),
      open: api('/open', { access: 'public', forward: {} }),
      cookie: api('/cookie', { access: { issuers: ['main'], token: { cookie: 'session', origins: [app] } } }),
      ...change,
    },
  }
}

beforeAll(async () => {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  privateJwk = { ...made.privateJwk, kid: 'k' }
  publicJwk = { ...made.publicJwk, kid: 'k' }
  provider = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [publicJwk] }))
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  upstream = await startWebSocketUpstream(answerAsked)
  folder = makeFolder()
  writeFileSync(join(folder, 'gateway.pem'), certificate.certificate)
  writeFileSync(join(folder, 'gateway.key'), certificate.privateKey, { mode: 0o600 })
  gateway = await startGateway({ workers: 1, folder, config: config() })
})
afterAll(async () => {
  await cleanUp()
  rmSync(folder, { recursive: true, force: true })
  provider.close()
  upstream.close()
})

/** What the path asks the upstream to do instead of the echo. */
function answerAsked({ target, socket }: WebSocketUpstream['asked'][number], key: string): boolean | undefined {
  const answers: Readonly<Record<string, string>> = {
    '/chat/bad-accept': agreement(key, agreement('another')),
    '/chat/wrong-accept': agreement(key, createHash('sha1').update(key).digest('base64')),
    '/chat/no-accept': agreement(key).replace(/Sec-WebSocket-Accept.*\r\n/, ''),
    '/chat/two-accepts': agreement(key).replace('\r\n\r\n', `\r\nSec-WebSocket-Accept: ${'A'.repeat(28)}\r\n\r\n`),
    '/chat/other-protocol': agreement(key).replace('Upgrade: websocket', 'Upgrade: h2c'),
    '/chat/no-connection': agreement(key).replace('Connection: Upgrade\r\n', ''),
    '/chat/length': agreement(key).replace('\r\n\r\n', '\r\nContent-Length: 3\r\n\r\n'),
    '/chat/declines': 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    '/chat/plain': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    '/chat/unasked': agreement(key),
  }
  if (target === '/chat/raw') {
    socket.write(agreement(key))
    socket.removeAllListeners('data')
    socket.pipe(socket)
    return true
  }
  if (target === '/chat/half-frame') {
    socket.write(
      Buffer.concat([Buffer.from(agreement(key)), frame(opcodes.text, 'x'.repeat(100), false).subarray(0, 50)]),
    )
    return true
  }
  const answer = answers[target]
  if (answer === undefined) return undefined
  socket.write(answer)
  return answer.includes(' 101 ')
}

async function open(path: string, wish: Partial<Handshake> = {}): Promise<WebSocketCaller> {
  return openWebSocket({ port: gateway.port, path, lines: [await authorization()], ...wish })
}

function lastLine(path: string): Record<string, unknown> | undefined {
  const lines = gateway.output().split('\n')
  const line = lines.filter((one) => one.includes(`"path":"${path}"`)).at(-1)
  return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>)
}

async function metric(name: string): Promise<number> {
  const { body } = await send(`${gateway.adminUrl}/metrics`, {
    headers: { Authorization: `Bearer ${gateway.adminToken}` },
  })
  const lines = body
    .split('\n')
    .filter((line) => line.startsWith(`jotgate_${name}`) && /[ {]/.test(line.charAt(8 + name.length)))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

describe('S16 a WebSocket', () => {
  it('is let through both ways, by its token, and recorded when it ends', async () => {
    const path = '/chat/recorded'
    const caller = await open(path)
    expect(caller.status).toBe(101)
    caller.send('hello')
    expect((await caller.frame(0)).payload.toString()).toBe('hello')
    expect(lastLine(path)).toBeUndefined()
    expect(await metric('tunnels_open')).toBe(1)
    caller.socket.end(frame(opcodes.close, Buffer.from([3, 232]), true))
    expect(closeCode(await caller.frame(1))).toBe(1000)
    const line = await until(() => lastLine(path))
    expect(line).toMatchObject({ status: 101, outcome: 'forwarded', bytesIn: 19, bytesOut: 11, ended: 'caller' })
    await until(async () => (await metric('tunnels_open')) === 0)
    expect(await metric('tunnels_ended_total')).toBeGreaterThan(0)
  })

  it('is asked for with the headers of a handshake, and nothing of who calls but what the token says', async () => {
    const lines = [await authorization(), 'X-User: mallory', 'Sec-WebSocket-Protocol: chat.v2', 'Jotgate-User: x']
    const caller = await open('/chat/told', { lines })
    const { head } = await until(() => upstream.asked.find(({ target }) => target === '/chat/told'))
    expect(head.match(/^(connection|upgrade|sec-websocket-version|x-user|sec-websocket-protocol): .*$/gim)).toEqual([
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: chat.v2',
      'X-User: alice',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ])
    expect(head).not.toContain('mallory')
    expect(head).not.toContain('Jotgate-User')
    expect(caller.answer()).toContain('jotgate-decision: ')
    caller.socket.destroy()
  })

  it('carries 64 MiB frames both ways in bounded memory, and a side that stops reading stops the other', async () => {
    const { workers } = await gateway.status()
    const resident = (): number =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${workers[0]?.pid}/status`, 'latin1'))?.[1]) * 1024
    const bytes = frame(opcodes.binary, randomBytes(64 * mebibyte), false)
    const wanted = createHash('sha256').update(bytes).digest('hex')
    const caller = await open('/chat/raw')
    caller.socket.removeAllListeners('data')
    caller.socket.pause()
    const before = resident()
    let most = 0
    caller.socket.write(bytes)
    let waiting = caller.socket.writableLength
    let since = Date.now()
    // Nobody reads: what is on its way fills up, and then the writer stands still.
    await until(() => {
      most = Math.max(most, resident() - before)
      if (caller.socket.writableLength !== waiting) since = Date.now()
      waiting = caller.socket.writableLength
      return Date.now() - since > 300
    })
    expect(caller.socket.writableLength + caller.socket.bytesWritten).toBeGreaterThan(16 * mebibyte)
    const hash = createHash('sha256')
    let read = 0
    caller.socket.on('data', (chunk: Buffer) => {
      read += chunk.length
      hash.update(chunk)
    })
    caller.socket.resume()
    await until(() => {
      most = Math.max(most, resident() - before)
      return read === bytes.length
    }, 60_000)
    expect(hash.digest('hex')).toBe(wanted)
    expect(most).toBeLessThan(60 * mebibyte)
    caller.socket.destroy()
  }, 90_000)

  it('may end one direction and use the other', async () => {
    const caller = await open('/chat/half')
    const { socket } = caller
    socket.end(frame(opcodes.text, 'last words', true))
    const asked = await until(() => upstream.asked.find(({ target }) => target === '/chat/half'))
    await until(() => asked.hasEnded)
    await caller.frame(0)
    asked.socket.write(frame(opcodes.text, 'still here', false))
    expect((await caller.frame(1)).payload.toString()).toBe('still here')
    expect(caller.hasEnded()).toBe(false)
    asked.socket.end()
    await until(() => caller.hasEnded())
    expect(await until(() => lastLine('/chat/half'))).toMatchObject({ ended: 'caller' })

    const other = await open('/chat/half-upstream')
    const second = await until(() => upstream.asked.find(({ target }) => target === '/chat/half-upstream'))
    second.socket.end(frame(opcodes.text, 'bye', false))
    await until(() => other.hasEnded())
    other.send('late')
    await until(() => second.frames.length === 1)
    other.socket.end()
    expect(await until(() => lastLine('/chat/half-upstream'))).toMatchObject({ ended: 'upstream', bytesIn: 10 })
  })

  it('is closed with 1001 to both sides when no byte came for its idle time', async () => {
    const caller = await open('/idle/silent')
    const started = Date.now()
    for (let round = 0; round < 6; round++) {
      caller.send('x')
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(caller.frames).toEqual([])
    const close = await caller.frame(0)
    expect([close.opcode, closeCode(close), close.masked]).toEqual([opcodes.close, 1001, false])
    expect(Date.now() - started).toBeGreaterThan(1_200)
    await until(() => caller.isClosed() || caller.socket.end())
    const asked = await until(() => upstream.asked.find(({ target }) => target === '/idle/silent'))
    await until(() => asked.isClosed)
    expect(asked.frames.at(-1)).toMatchObject({ opcode: opcodes.close, masked: true })
    expect(await until(() => lastLine('/idle/silent'))).toMatchObject({ ended: 'idle' })
  })

  it('is closed with 1008 when its token expires, and within a second', async () => {
    const caller = await open('/chat/short', { lines: [await authorization({ livesSeconds: 2 })] })
    expect(caller.status).toBe(101)
    const started = Date.now()
    const close = await caller.frame(0)
    expect(closeCode(close)).toBe(1008)
    expect(Date.now() - started).toBeLessThan(3_000)
    caller.send('after the end')
    const asked = await until(() => upstream.asked.find(({ target }) => target === '/chat/short'))
    await until(() => asked.isClosed)
    expect(asked.frames.map(({ opcode }) => opcode)).toEqual([opcodes.close])
    expect(await until(() => lastLine('/chat/short'))).toMatchObject({ ended: 'expired' })
  })

  it('that ends in the middle of a frame is cut off without one of ours', async () => {
    const caller = await open('/chat/half-frame', { lines: [await authorization({ livesSeconds: 2 })] })
    const bytes: Buffer[] = []
    caller.socket.on('data', (chunk: Buffer) => void bytes.push(chunk))
    await until(() => caller.hasEnded())
    expect(Buffer.concat(bytes).length).toBeLessThanOrEqual(50)
    expect(caller.frames).toEqual([])
    caller.socket.destroy()
  })

  it('is closed within a second when the key that vouched for it is distrusted', async () => {
    const lines = [await authorization({ iss: issuers.fetched })]
    const caller = await until(async () => {
      const tried = await open('/chat/distrusted', { lines })
      return tried.status === 101 && tried
    })
    const other = await open('/chat/other')
    const answer = await send(`${gateway.adminUrl}/keys/fetched/distrust`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${gateway.adminToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ kid: 'k' }),
    })
    expect(answer.status).toBe(200)
    const started = Date.now()
    expect(closeCode(await caller.frame(0))).toBe(1008)
    expect(Date.now() - started).toBeLessThan(1_000)
    expect(await until(() => lastLine('/chat/distrusted'))).toMatchObject({ ended: 'distrusted' })
    other.send('not me')
    expect((await other.frame(0)).payload.toString()).toBe('not me')
    other.socket.destroy()
  })

  it('is closed when a new configuration would not let it in, and goes on when it would', async () => {
    const kept = await open('/chat/kept')
    const closed = await open('/idle-not/closed', {})
    expect(closed.status).toBe(404)
    const { generation } = await gateway.status()
    writeFileSync(
      gateway.configFile,
      JSON.stringify(config({ more: { ...(config() as Apis).apis.chat, listen: { path: '/more' } } })),
    )
    await until(async () => (await gateway.status()).generation > generation)
    const added = await open('/more')
    expect(added.status).toBe(101)
    writeFileSync(gateway.configFile, JSON.stringify(config()))
    expect(closeCode(await added.frame(0))).toBe(1008)
    kept.send('still there')
    expect((await kept.frame(0)).payload.toString()).toBe('still there')
    kept.socket.destroy()
    expect(await until(() => lastLine('/more'))).toMatchObject({ ended: 'configuration' })
  })

  it('goes through a TLS listener', async () => {
    const ready = JSON.parse(/^\{.*"event":"ready".*\}$/m.exec(gateway.output())?.[0] ?? '{}') as Ready
    const port = ready.listeners?.[1]?.port ?? 0
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      servername: 'gateway.test',
      ca: certificate.certificate,
    })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    const caller = await open('/chat/tls', { socket })
    expect(caller.status).toBe(101)
    caller.send('sealed')
    expect((await caller.frame(0)).payload.toString()).toBe('sealed')
    socket.end(frame(opcodes.close, Buffer.from([3, 232]), true))
    expect(await until(() => lastLine('/chat/tls'))).toMatchObject({ ended: 'caller' })
  })

  it.runIf('WebSocket' in globalThis)('is spoken by the WebSocket that Node 22 and later bring along', async () => {
    const page = new globalThis.WebSocket(`ws://127.0.0.1:${gateway.port}/open/node`)
    page.addEventListener('open', () => page.send('from a page'))
    const heard = await new Promise((resolve, reject) => {
      page.addEventListener('message', ({ data }) => resolve(data))
      page.addEventListener('error', reject)
    })
    expect(heard).toBe('from a page')
    page.close(1000)
    expect(await until(() => lastLine('/open/node'))).toMatchObject({ status: 101, ended: 'caller' })
  })
})

interface Apis {
  readonly apis: Readonly<Record<string, object>>
}
interface Ready {
  readonly listeners?: readonly { readonly port: number }[]
}

describe('S14 an answer 101', () => {
  it.each(['bad-accept', 'wrong-accept', 'no-accept', 'two-accepts', 'other-protocol', 'no-connection', 'length'])(
    'that does not prove itself opens nothing: %s',
    async (name) => {
      const caller = await open(`/chat/${name}`)
      expect(caller.status).toBe(502)
      await until(() => caller.hasEnded())
      const asked = await until(() => upstream.asked.find(({ target }) => target === `/chat/${name}`))
      await until(() => asked.hasEnded)
      expect(await until(() => lastLine(`/chat/${name}`))).toMatchObject({ status: 502, reason: 'upstream_invalid' })
    },
  )

  it('to a request that asked for no upgrade opens nothing', async () => {
    const wire = await openWire(gateway.port)
    wire.write(`GET /chat/unasked HTTP/1.1\r\nHost: gateway.test\r\n${await authorization()}\r\n\r\n`)
    expect((await wire.answer()).status).toBe(502)
    wire.destroy()
  })

  it.each([
    ['declines', 403],
    ['plain', 200],
  ])('is the only one that opens a tunnel: an upstream that %s is an ordinary answer', async (name, status) => {
    const caller = await open(`/chat/${name}`)
    expect(caller.status).toBe(status)
    expect(caller.answer()).toContain('Connection: close')
    await until(() => caller.hasEnded())
    expect(await until(() => lastLine(`/chat/${name}`))).toMatchObject({ status, outcome: 'forwarded' })
  })
})

const good = usualLines('dGhlIHNhbXBsZSBub25jZQ==')
const without = (name: string): readonly string[] => good.filter((line) => !line.startsWith(name))

describe('S12 a request that asks for an upgrade and is no WebSocket handshake', () => {
  it.each<readonly [string, Partial<Handshake>]>([
    ['another protocol', { handshake: ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] }],
    ['two protocols', { handshake: [...without('Upgrade'), 'Upgrade: websocket, h2c'] }],
    ['POST', { method: 'POST', handshake: [...good, 'Content-Length: 0'] }],
    ['HEAD', { method: 'HEAD' }],
    ['HTTP/1.0', { version: 'HTTP/1.0' }],
    ['no key', { handshake: without('Sec-WebSocket-Key') }],
    ['a short key', { handshake: [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: AAAA'] }],
    ['a key of 17 bytes', { handshake: [...without('Sec-WebSocket-Key'), `Sec-WebSocket-Key: ${'A'.repeat(23)}=`] }],
    [
      'a key that is not canonical',
      { handshake: [...without('Sec-WebSocket-Key'), `Sec-WebSocket-Key: ${'A'.repeat(21)}B==`] },
    ],
    ['two keys', { handshake: [...good, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='] }],
    ['a key in two spellings', { handshake: [...good, 'Sec_WebSocket_Key: AAAAAAAAAAAAAAAAAAAAAA=='] }],
    ['another version', { handshake: [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'] }],
    ['no version', { handshake: without('Sec-WebSocket-Version') }],
    ['a body', { handshake: [...good, 'Content-Length: 4'], behind: Buffer.from('body') }],
    ['a chunked body', { handshake: [...good, 'Transfer-Encoding: chunked'], behind: Buffer.from('0\r\n\r\n') }],
    ['an API that offers none', { path: '/off/it' }],
  ])('%s: is served as an ordinary request, without that wish', async (_name, wish) => {
    const before = upstream.asked.length
    const caller = await open('/chat/ordinary', wish)
    expect(caller.status).toBe(200)
    expect(upstream.asked.length).toBe(before + 1)
    expect(upstream.asked.at(-1)?.head).not.toMatch(/^(upgrade|http2-settings):/im)
    expect(upstream.asked.at(-1)?.head).not.toMatch(/^connection: .*upgrade/im)
    caller.socket.destroy()
  })
})

describe('S16 a handshake is judged like any request', () => {
  it.each<readonly [string, readonly string[], number, string]>([
    ['no token', [], 401, 'token_missing'],
    ['a bad token', ['Authorization: Bearer x.y.z'], 401, 'token_malformed'],
  ])('%s is refused, with an answer', async (_name, lines, status, reason) => {
    const before = upstream.asked.length
    const caller = await open('/chat/refused', { lines })
    expect(caller.status).toBe(status)
    await until(() => caller.hasEnded())
    expect(caller.answer()).toContain('application/problem+json')
    expect(caller.answer()).toContain('Connection: close')
    await until(() => lastLine('/chat/refused')?.reason === reason)
    expect(upstream.asked.length).toBe(before)
  })

  it.each<readonly [string, readonly string[], number]>([
    ['no Origin', [], 403],
    ['a foreign Origin', ['Origin: https://evil.example'], 403],
    ['the Origin null', ['Origin: null'], 403],
    ['the same site, without an Origin', ['Sec-Fetch-Site: same-origin'], 403],
    ['a foreign Origin on the same site', ['Origin: https://evil.example', 'Sec-Fetch-Site: same-site'], 403],
    ['an allowed Origin', [`Origin: ${app}`], 101],
    ['the same origin', ['Origin: https://gateway.test', 'Sec-Fetch-Site: same-origin'], 101],
  ])('a token in a cookie with %s', async (_name, lines, status) => {
    const cookie = `Cookie: session=${await bearer()}`
    const caller = await open('/cookie/page', { lines: [cookie, ...lines] })
    expect(caller.status).toBe(status)
    if (status === 403)
      expect(await until(() => lastLine('/cookie/page'))).toMatchObject({ reason: 'origin_not_allowed' })
    caller.socket.destroy()
    if (status === 101) await until(() => lastLine('/cookie/page')?.ended)
  })

  it('a plain GET with that cookie needs no Origin, nor does a handshake where none is offered', async () => {
    const wire = await openWire(gateway.port)
    wire.write(`GET /cookie/plain HTTP/1.1\r\nHost: gateway.test\r\nCookie: session=${await bearer()}\r\n\r\n`)
    expect((await wire.answer()).status).toBe(200)
    wire.destroy()
  })
})

describe('S14 bytes behind a handshake', () => {
  const smuggled = Buffer.from('GET /off/smuggled HTTP/1.1\r\nHost: gateway.test\r\n\r\n')

  it('are the tunnel’s when it opens, none lost', async () => {
    const caller = await open('/chat/behind', { behind: frame(opcodes.text, 'early', true) })
    expect((await caller.frame(0)).payload.toString()).toBe('early')
    caller.socket.destroy()
  })

  it.each(['/chat/declines', '/chat/bad-accept', '/off/behind'])(
    'are no request when it does not: %s',
    async (path) => {
      const caller = await open(path, { behind: smuggled })
      caller.socket.write(smuggled)
      await until(() => caller.hasEnded())
      expect(caller.answer().match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(upstream.asked.some(({ target }) => target === '/off/smuggled')).toBe(false)
    },
  )

  it('a handshake behind other requests waits for their answers', async () => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
    await new Promise((resolve) => socket.once('connect', resolve))
    const token = await authorization()
    socket.write(`GET /off/first HTTP/1.1\r\nHost: gateway.test\r\n${token}\r\n\r\n`)
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.write(['GET /chat/second HTTP/1.1', 'Host: gateway.test', ...usualLines(), token, '', ''].join('\r\n'))
    await until(() => text.includes(' 101 '))
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 101'])
    socket.destroy()
  })
})

it('after 1,000 WebSockets everything is as it was', async () => {
  const { workers } = await gateway.status()
  const files = (): number => readdirSync(`/proc/${workers[0]?.pid}/fd`).length
  await until(async () => (await metric('tunnels_open')) === 0 && upstream.open() === 0, 10_000).catch(() => undefined)
  const before = {
    files: files(),
    requests: await metric('requests_in_flight'),
    sockets: await metric('caller_connections'),
  }
  const ended = await metric('tunnels_ended_total')
  const lines = [await authorization()]
  for (let round = 0; round < 20; round++) {
    const callers = await Promise.all(Array.from({ length: 50 }, () => open('/chat/many', { lines })))
    for (const [at, caller] of callers.entries()) {
      expect(caller.status).toBe(101)
      if (at % 3 === 0) caller.socket.destroy()
      else if (at % 3 === 1) caller.socket.resetAndDestroy()
      else caller.socket.end(frame(opcodes.close, Buffer.from([3, 232]), true))
    }
  }
  await until(async () => (await metric('tunnels_ended_total')) === ended + 1_000)
  expect(await metric('tunnels_open')).toBe(0)
  await until(async () => (await metric('requests_in_flight')) === before.requests)
  await until(async () => (await metric('caller_connections')) <= before.sockets)
  await until(() => files() <= before.files + 2)
}, 60_000)

describe('S16 at the end of the gateway', () => {
  it('WebSockets are closed with 1001 before the drain deadline, and the gateway waits no longer than that', async () => {
    const one = await startGateway({ workers: 1, folder: makeFolder(), drainMs: 2_000, config: plainConfig() })
    const caller = await openWebSocket({ port: one.port, path: '/chat' })
    expect(caller.status).toBe(101)
    const started = Date.now()
    one.process.kill('SIGTERM')
    caller.send('while draining')
    expect((await caller.frame(0)).payload.toString()).toBe('while draining')
    const close = await caller.frame(1)
    expect([close.opcode, closeCode(close)]).toEqual([opcodes.close, 1001])
    expect(await one.exited).toBe(0)
    expect(Date.now() - started).toBeLessThan(4_000)
    expect(one.output()).toContain('"ended":"drain"')
  })
})

function plainConfig(): object {
  const chat = { listen: { path: '/chat' }, upstream: { targets: [upstream.url] }, access: 'public', websocket: true }
  return { version: 1, apis: { chat } }
}
