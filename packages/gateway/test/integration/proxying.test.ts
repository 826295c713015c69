import { generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { freePorts } from '../support/free-ports.ts'
import { type StrictRequest, type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { openWire, type Wire, type WireAnswer } from '../support/wire-caller.ts'
import { type RawUpstream, rawUpstream } from '../upstream/raw-upstream.ts'
import { type Caller, createCaller } from './caller.ts'
import { cleanUp, type GatewayProcess, startGateway, until } from './gateway-process.ts'

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

/** What the strict upstream says to each path; anything else gets its own name. */
const answers: { readonly [path: string]: string } = {
  '/api/head': `${ok}Content-Length: 1234\r\n\r\n`,
  '/api/204': 'HTTP/1.1 204 No Content\r\n\r\n',
  '/api/304': 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n',
  '/api/interim': `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Early: x\r\n\r\n${ok}Content-Length: 5\r\n\r\nfinal`,
  '/api/chunks': `${chunked}5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: x\r\nJotgate-Decision: forged\r\n\r\n`,
  '/api/close': `${ok}Connection: close\r\n\r\nto the end`,
  '/api/500': 'HTTP/1.1 500 Broken\r\nContent-Length: 2\r\nX-Own: own\r\nJotgate-Decision: forged\r\n\r\nno',
  '/api/strangers': [
    'HTTP/1.1 200 OK',
    'Connection: keep-alive, X-Hop',
    'X-Hop: secret',
    'Keep-Alive: timeout=9',
    'Proxy-Authenticate: Basic',
    'Proxy-Connection: keep-alive',
    'Upgrade: h2c',
    'Trailer: X-Trailer',
    'TE: trailers',
    'Jotgate-Decision: forged',
    'jotgate-anything: forged',
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    'X-End: stays',
    'Content-Length: 2',
    '\r\nok',
  ].join('\r\n'),
  '/broken/both': `${ok}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  '/broken/length': `${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`,
  '/broken/line': 'SSH-2.0-OpenSSH_9.2p1\r\n',
  '/broken/fold': `${ok}X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n`,
  '/broken/upgrade': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  '/broken/204': 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
}

let main: StrictUpstream
let second: StrictUpstream
let raw: RawUpstream
let gateway: GatewayProcess
let caller: Caller
/** Half a head, sent when the tests begin, so that nobody waits ten seconds for what becomes of it. */
let slow: { readonly wire: Wire; readonly sinceMs: number }

/** What the raw upstream does with a connection's bytes, set by each test. */
let onRaw: Parameters<typeof rawUpstream>[0] = () => undefined

function strict(name: string): Promise<StrictUpstream> {
  return startStrictUpstream((request, socket) => {
    const known = answers[request.target]
    if (request.target === '/broken/stalls') socket.write(`${ok}Content-Length: 10\r\n\r\nhalf`)
    else if (known !== undefined) socket.write(known, 'latin1')
    else if (!request.target.endsWith('/silent')) socket.write(`${ok}Content-Length: ${name.length}\r\n\r\n${name}`)
    if (request.target === '/api/close') socket.end()
  })
}

beforeAll(async () => {
  main = await strict('main')
  second = await strict('second')
  raw = await rawUpstream((socket, received, connection) => onRaw(socket, received, connection))
  const [dead = 0] = await freePorts(1)
  const to = (...ports: readonly number[]): object => ({
    upstream: { targets: ports.map((port) => `http://127.0.0.1:${port}`), responseTimeout: '400ms' },
    access: 'public',
  })
  const jwk = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  gateway = await startGateway({
    workers: 1,
    config: {
      version: 1,
      gateway: { trustedProxies: ['127.0.0.2'] },
      issuers: { acme: { issuer: 'https://id.test', keys: { jwks: { keys: [jwk] } }, audiences: ['a'] } },
      apis: {
        api: { listen: { path: '/api' }, ...to(main.port) },
        deeper: { listen: { path: '/api/v2' }, ...to(second.port) },
        host: { listen: { path: '/api', host: 'orders.test' }, ...to(second.port) },
        stripped: { listen: { path: '/cut', stripPath: true }, ...to(main.port) },
        called: {
          listen: { path: '/called' },
          access: 'public',
          upstream: { targets: [main.url], host: 'caller' },
        },
        both: { listen: { path: '/both' }, ...to(main.port, second.port) },
        half: { listen: { path: '/half' }, ...to(dead, main.port) },
        dead: { listen: { path: '/dead' }, ...to(dead) },
        broken: { listen: { path: '/broken' }, ...to(main.port) },
        raw: { listen: { path: '/raw' }, access: 'public', upstream: { targets: [`http://127.0.0.1:${raw.port}`] } },
        mute: {
          listen: { path: '/mute' },
          access: 'public',
          upstream: { targets: [`https://127.0.0.1:${raw.port}`], connectTimeout: '300ms' },
        },
        closed: { listen: { path: '/closed' }, upstream: { targets: [main.url] }, access: { issuers: ['acme'] } },
      },
    },
  })
  caller = createCaller(gateway, await startAnnouncedUpstream())
  const wire = await openWire(gateway.port)
  wire.write('GET /api/x HTTP/1.1\r\nHost: api.test\r\nX-Slow:')
  slow = { wire, sinceMs: Date.now() }
})
afterAll(async () => {
  await cleanUp()
  await Promise.all([main, second, raw].map((upstream) => upstream.close()))
})

/** A request of HTTP/1.1 with further header lines. */
const ask = (line: string, headers = '', body = ''): string =>
  `${line} HTTP/1.1\r\nHost: api.test\r\n${headers}\r\n${body}`

interface Told {
  readonly answer: WireAnswer
  readonly wire: Wire
}

/** Sends bytes on a connection of their own and reads one answer. */
async function tell(bytes: string, toHead = false): Promise<Told> {
  const wire = await openWire(gateway.port)
  wire.write(bytes)
  return { wire, answer: await wire.answer(toHead) }
}

async function told(bytes: string, toHead = false): Promise<WireAnswer> {
  const { answer, wire } = await tell(bytes, toHead)
  wire.destroy()
  return answer
}

/** The connection takes another request, and its answer is that request's. */
async function goesOn(wire: Wire): Promise<void> {
  wire.write(ask('GET /api/next'))
  const answer = await wire.answer()
  expect([answer.status, answer.body]).toEqual([200, 'main'])
  wire.destroy()
}

const headersOf = ({ headers }: StrictRequest): readonly string[] => headers.map(([name]) => name.toLowerCase())
const fieldOf = ({ headers }: StrictRequest, wanted: string): readonly string[] =>
  headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
const lastOf = (upstream: StrictUpstream): StrictRequest => {
  const request = upstream.requests.at(-1)
  if (request === undefined) throw new Error('nothing arrived')
  return request
}

async function reasonOf(answer: WireAnswer): Promise<unknown> {
  const { body } = await caller.admin('GET', `/decisions/${answer.headers.get('jotgate-decision')?.[0]}`)
  return JSON.parse(body).reason
}

describe('a request goes where its host and its longest path say, as the path that decided', () => {
  it.each([
    ['api.test', '/api', 'main', '/api'],
    ['api.test', '/api/v1/x', 'main', '/api/v1/x'],
    ['api.test', '/api/v2', 'second', '/api/v2'],
    ['api.test', '/api/v2/x?y=%2f%zz;=', 'second', '/api/v2/x?y=%2f%zz;='],
    ['api.test', '/api/v2x', 'main', '/api/v2x'],
    ['api.test', '/%61pi/%762/%7ex%c3%a4', 'second', '/api/v2/~x%C3%A4'],
    ['orders.test', '/api/v1', 'second', '/api/v1'],
    ['ORDERS.test:8080', '/api/v1', 'second', '/api/v1'],
    ['orders.test.evil', '/api/v1', 'main', '/api/v1'],
    ['api.test', '/cut', 'main', '/'],
    ['api.test', '/cut/x/?y', 'main', '/x/?y'],
  ])('%s %s', async (host, target, name, forwarded) => {
    const answer = await told(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect(answer.body).toBe(name)
    expect(lastOf(name === 'main' ? main : second).target).toBe(forwarded)
  })

  it.each(['/apix', '/API', '/cutter', '/', '/v2/api'])('%s is nobody’s', async (target) => {
    const before = main.requests.length + second.requests.length
    expect((await told(ask(`GET ${target}`))).status).toBe(404)
    expect(main.requests.length + second.requests.length).toBe(before)
  })

  it('the Host header is the target’s, or the caller’s where the API says so', async () => {
    await told(ask('GET /api/x'))
    expect(fieldOf(lastOf(main), 'host')).toEqual([`127.0.0.1:${main.port}`])
    await told(ask('GET /called/x'))
    expect(fieldOf(lastOf(main), 'host')).toEqual(['api.test'])
  })
})

describe('what belongs to one connection stays there, and what is ours is only ours', () => {
  const spoofed = [
    'Connection: keep-alive, X-Hop, close-not',
    'X-Hop: secret',
    'Keep-Alive: timeout=5',
    'Proxy-Authorization: Basic c2VjcmV0',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Trailer: X-T',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
    'Jotgate-Decision: forged',
    'jotgate_decision: forged',
    'X-Forwarded-For: 6.6.6.6',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.test',
    'X_Forwarded_For: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
    'X-Real-IP: 6.6.6.6',
    'X-Original-URL: /closed',
    'X-HTTP-Method-Override: DELETE',
    'X-End: stays',
    '',
  ].join('\r\n')
  const passing = ['x-end', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'via', 'host']

  it('a forwarded request carries the caller’s own headers and the gateway’s, no other', async () => {
    const { wire } = await tell(ask('GET /api/x', spoofed))
    const request = lastOf(main)
    expect(headersOf(request).toSorted()).toEqual(passing.toSorted())
    expect(fieldOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(fieldOf(request, 'x-forwarded-proto')).toEqual(['http'])
    expect(fieldOf(request, 'x-forwarded-host')).toEqual(['api.test'])
    expect(fieldOf(request, 'x-end')).toEqual(['stays'])
    expect(main.faults).toEqual([])
    await goesOn(wire)
  })

  it('a trusted proxy is believed, and its word continued', async () => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    const before = main.requests.length
    socket.write(ask('GET /api/trusted', spoofed))
    const request = await until(() => main.requests[before])
    expect(fieldOf(request, 'x-forwarded-for')).toEqual(['6.6.6.6, 127.0.0.2'])
    expect(fieldOf(request, 'x-forwarded-proto')).toEqual(['https'])
    expect(fieldOf(request, 'x-forwarded-host')).toEqual(['evil.test'])
    expect(headersOf(request)).not.toContain('x-real-ip')
    socket.destroy()
  })

  it.each([
    ['an answer', '/api/strangers', 200],
    ['a 500 of the upstream', '/api/500', 500],
    ['a 304', '/api/304', 304],
    ['a refusal', '/closed/x', 401],
    ['nobody’s path', '/nothing', 404],
    ['a target that is gone', '/dead/x', 502],
    ['an answer in doubt', '/broken/both', 502],
    ['silence', '/api/silent', 504],
  ])('%s brings one decision id of ours and nothing of the connection behind', async (_what, target, status) => {
    const { answer, wire } = await tell(ask(`GET ${target}`, spoofed))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('jotgate-decision')).toHaveLength(1)
    expect(answer.raw).not.toMatch(/forged|secret|6\.6\.6\.6/)
    for (const name of ['proxy-authenticate', 'proxy-connection', 'upgrade', 'trailer', 'te', 'x-hop'])
      expect(answer.headers.has(name), name).toBe(false)
    expect(answer.headers.get('connection')).toEqual(['keep-alive'])
    if (target === '/api/strangers') {
      expect(answer.headers.get('set-cookie')).toEqual(['a=1', 'b=2'])
      expect(answer.headers.get('x-end')).toEqual(['stays'])
    }
    await goesOn(wire)
  })
})

describe('an answer keeps its meaning whatever frames it', () => {
  it.each([
    ['HEAD', 'HEAD /api/head', [200, ''], ['1234'], undefined],
    ['a 204', 'GET /api/204', [204, ''], undefined, undefined],
    ['a 304', 'GET /api/304', [304, ''], ['99'], undefined],
    ['a final answer behind interim ones', 'GET /api/interim', [200, 'final'], ['5'], undefined],
    ['chunks, without extensions and trailers', 'GET /api/chunks', [200, 'hello!'], undefined, ['chunked']],
    ['a body that its connection ends', 'GET /api/close', [200, 'to the end'], undefined, ['chunked']],
  ])('%s', async (_what, line, said, length, coding) => {
    const { answer, wire } = await tell(ask(line), line.startsWith('HEAD'))
    expect([answer.status, answer.body]).toEqual(said)
    expect(answer.headers.get('content-length')).toEqual(length)
    expect(answer.headers.get('transfer-encoding')).toEqual(coding)
    expect(answer.raw).not.toMatch(/early|trailer|forged/i)
    expect(wire.interim).toEqual([])
    await goesOn(wire)
  })

  it.each(['/api/chunks', '/api/close'])('HTTP/1.0 gets %s without chunks, ended by the connection', async (target) => {
    const wire = await openWire(gateway.port)
    wire.write(`GET ${target} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`)
    await wire.closed
    const answer = await wire.answer()
    expect(answer.body).toBe(target === '/api/chunks' ? 'hello!' : 'to the end')
    expect(answer.headers.has('transfer-encoding')).toBe(false)
    expect(answer.headers.get('connection')).toEqual(['close'])
  })
})

describe('an upstream at fault costs its own request an answer, and nobody else anything', () => {
  it.each(Object.keys(answers).filter((path) => path.startsWith('/broken/')))('%s is 502', async (target) => {
    const bystander = openWire(gateway.port)
    const connections = main.sockets.length
    const [{ answer, wire }, other] = await Promise.all([tell(ask(`GET ${target}`)), bystander])
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'upstream_unavailable' })
    expect(await reasonOf(answer)).toBe('upstream_invalid')
    await until(() => main.sockets.slice(0, connections + 1).some((socket) => socket.destroyed))
    await goesOn(wire)
    await goesOn(other)
  })

  it('one that stops within its body has its answer broken off, never made whole', async () => {
    const wire = await openWire(gateway.port)
    wire.write(ask('GET /broken/stalls'))
    await wire.closed
    expect(wire.unread()).toMatch(/Content-Length: 10\r\n[\s\S]*\r\n\r\nhalf$/)
  })

  it.each([
    ['that refuses connections', '/dead/x', 502, 'upstream_unavailable', 'upstream_refused'],
    ['that takes no connection in time', '/mute/x', 504, 'upstream_timeout', 'upstream_timeout'],
    ['that does not answer in time', '/api/silent', 504, 'upstream_timeout', 'upstream_timeout'],
  ])('one %s', async (_what, target, status, code, reason) => {
    const startMs = Date.now()
    const answer = await told(ask(`GET ${target}`))
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body)).toMatchObject({ code })
    expect(await reasonOf(answer)).toBe(reason)
    if (status === 504) expect(Date.now() - startMs).toBeGreaterThanOrEqual(295)
    expect(Date.now() - startMs).toBeLessThan(3_000)
  })
})

describe('several targets and kept connections', () => {
  it('both targets are used', async () => {
    const bodies = new Set<string>()
    for (let round = 0; round < 6; round++) bodies.add((await told(ask('GET /both/x'))).body)
    expect([...bodies].toSorted()).toEqual(['main', 'second'])
  })

  it.each(['GET', 'POST'])('a dead target beside a living one fails no %s', async (method) => {
    const body = method === 'POST' ? ['Content-Length: 5\r\n', 'hello'] : []
    const all = await Promise.all(Array.from({ length: 40 }, () => told(ask(`${method} /half/x`, ...body))))
    expect(all.filter(({ status }) => status !== 200)).toEqual([])
    const arrived = main.requests.filter(({ line }) => line.startsWith(`${method} /half/x`))
    expect(arrived.map((request) => request.body)).toEqual(all.map(() => body[1] ?? ''))
  })

  it('a connection to the upstream serves callers one after the other', async () => {
    await told(ask('GET /called/reuse'))
    const { connection } = lastOf(main)
    for (let round = 0; round < 10; round++) await told(ask('GET /called/reuse'))
    const arrived = main.requests.filter(({ target }) => target === '/called/reuse')
    expect(arrived.map((request) => request.connection)).toEqual(arrived.map(() => connection))
  })

  it('an upstream that goes away and comes back between two requests fails none of them', async () => {
    await told(ask('GET /api/x'))
    for (const socket of main.sockets) socket.destroy()
    for (const method of ['GET', 'POST']) expect((await told(ask(`${method} /api/x`))).status).toBe(200)
  })
})

describe('bodies and those who leave', () => {
  const put = (bytes: number, headers = ''): string => ask('PUT /raw/x', `Content-Length: ${bytes}\r\n${headers}`)
  const openRequests = (): Promise<number> => caller.metric('jotgate_requests_in_flight')

  it('an answer that comes while the body is still sent reaches the caller, and the rest goes nowhere', async () => {
    onRaw = (socket) => void socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge')
    const before = raw.closed
    const { answer, wire } = await tell(put(100_000_000) + 'x'.repeat(1000))
    expect([answer.status, answer.body]).toEqual([413, 'large'])
    await until(() => raw.closed > before)
    wire.write('x'.repeat(200_000))
    await wire.closed
    expect(wire.unread()).toBe('')
  })

  it('when little of the body is left it is read away, and the connection goes on', async () => {
    onRaw = (socket) => void socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge')
    const { answer, wire } = await tell(put(20_000) + 'x'.repeat(1000))
    expect(answer.status).toBe(413)
    wire.write('x'.repeat(19_000))
    await goesOn(wire)
  })

  it.each([
    ['within its body', put(1000) + 'x'.repeat(10), ''],
    ['while it waits', ask('GET /raw/x'), ''],
    ['within its answer', ask('GET /raw/x'), `${ok}Content-Length: 1000\r\n\r\nhalf`],
    ['within an endless answer', ask('GET /raw/x'), `${chunked}4\r\nhalf\r\n`],
  ])('a caller that leaves %s takes its upstream connection along', async (_when, bytes, answer) => {
    const seen = raw.sockets.length
    onRaw = (socket, received) => {
      if (answer !== '') socket.write(answer)
      received.text = ''
    }
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const before = { closed: raw.closed, opened: raw.sockets.length }
      const wire = await openWire(gateway.port)
      wire.write(bytes)
      await until(() => raw.sockets.length > before.opened && (answer === '' || wire.unread().includes('half')))
      wire.socket[leave]()
      await until(() => raw.closed > before.closed)
    }
    expect(raw.sockets.length).toBeGreaterThan(seen)
    // The worker tells its gauges now and then.
    await until(async () => (await openRequests()) === 0)
  })

  it('Expect: 100-continue is the gateway’s to answer, once the body is wanted', async () => {
    const wire = await openWire(gateway.port)
    wire.write(ask('POST /api/expect', 'Content-Length: 5\r\nExpect: 100-continue\r\n'))
    await until(() => wire.unread().startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
    wire.write('hello')
    expect((await wire.answer()).body).toBe('main')
    expect(lastOf(main)).toMatchObject({ body: 'hello' })
    expect(headersOf(lastOf(main))).not.toContain('expect')
    await goesOn(wire)
  })

  it.each([
    ['/closed/x', 401],
    ['/dead/x', 502],
  ])('a refusal at %s comes instead of it: the body is never asked for', async (target, status) => {
    const { answer, wire } = await tell(ask(`POST ${target}`, 'Content-Length: 5\r\nExpect: 100-continue\r\n'))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('connection')).toEqual(['close'])
    expect(wire.interim).toEqual([])
    await wire.closed
  })
})

it('half a head is waited for ten seconds, then refused as 408', async () => {
  const answer = await slow.wire.answer()
  expect(answer.status).toBe(408)
  expect(Date.now() - slow.sinceMs).toBeGreaterThan(9_900)
  expect(answer.headers.get('connection')).toEqual(['close'])
  expect(answer.headers.get('jotgate-decision')).toHaveLength(1)
  await slow.wire.closed
}, 20_000)

it('nothing but single, unambiguous requests reached the upstreams', () => {
  expect([...main.faults, ...second.faults]).toEqual([])
})
