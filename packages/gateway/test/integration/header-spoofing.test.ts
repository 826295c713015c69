import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  plainAnswer,
  type StrictRequest,
  type StrictUpstream,
  startStrictUpstream,
} from '../support/strict-upstream.ts'
import { openWire, type WireAnswer } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, startGateway } from './gateway-process.ts'

const iss = 'https://idp.example'
const aud = 'https://orders.test'
const app = 'https://app.example'

/** Every value a caller makes up; nothing of it may reach the upstream. */
const canary = 'SPOOFED-41d8cd'

/** Headers by which upstreams would believe somebody: filled from claims, ours, of proxies, or of frameworks. */
const names = [
  'X-User',
  'X-Roles',
  'Jotgate-Decision',
  'Jotgate-Anything',
  'Remote-User',
  'X-Remote-User',
  'X-Authenticated-User',
  'X-Auth-Request-Email',
  'X-Forwarded-User',
  'X-Forwarded-For',
  'X-Forwarded-Client-Cert',
  'Forwarded',
  'X-Real-IP',
  'True-Client-IP',
  'Client-Cert',
  'Ssl-Client-Verify',
  'X-Ssl-Client-Cert',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'X-Forwarded-Prefix',
]

const fillers = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `X-Filler-${at}: 1`)

/** Ways to hide a header from a gateway that the server behind it still reads. */
const disguises: readonly (readonly [string, (name: string) => readonly string[]])[] = [
  ['as it is', (name) => [`${name}: ${canary}`]],
  ['in lower case', (name) => [`${name.toLowerCase()}: ${canary}`]],
  ['in upper case', (name) => [`${name.toUpperCase()}: ${canary}`]],
  ['with underscores', (name) => [`${name.replaceAll('-', '_')}: ${canary}`]],
  ['with dots', (name) => [`${name.replaceAll('-', '.')}: ${canary}`]],
  ['with one of each', (name) => [`${name.replace('-', '_').replace('-', '.').toLowerCase()}: ${canary}`]],
  ['twice', (name) => [`${name}: ${canary}`, `${name}: ${canary}-2`]],
  ['in two spellings', (name) => [`${name.replaceAll('-', '_')}: ${canary}`, `${name}: ${canary}`]],
  ['behind 90 fillers', (name) => [...fillers(90), `${name}: ${canary}`]],
  ['named by Connection', (name) => [`Connection: keep-alive, ${name}`, `${name}: ${canary}`]],
  [
    'its other spelling named by Connection',
    (name) => [`Connection: ${name.replaceAll('-', '_')}`, `${name}: ${canary}`],
  ],
]

/** A way through the gateway. Rows for ways of other transports belong here as well. */
interface Way {
  readonly name: string
  readonly line: string
  readonly lines: () => readonly string[]
  readonly status: number
  /** What the upstream must be told of who calls; undefined: it gets nothing. */
  readonly told: Readonly<Record<string, string>> | undefined
  /** Its answer ends the connection. */
  readonly closes?: true
}

const handshake: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]

const ways: readonly Way[] = [
  { name: 'a public API', line: 'GET /open', lines: () => [], status: 200, told: {} },
  { name: 'a public route', line: 'GET /orders/open', lines: () => [], status: 200, told: {} },
  { name: 'a good token', line: 'GET /orders', lines: () => [bearer], status: 200, told: { 'x-user': 'alice' } },
  { name: 'an API without claims', line: 'GET /plain', lines: () => [bearer], status: 200, told: {} },
  {
    name: 'an upstream that fails',
    line: 'GET /orders/broken',
    lines: () => [bearer],
    status: 502,
    told: { 'x-user': 'alice' },
  },
  { name: 'no token', line: 'GET /orders', lines: () => [], status: 401, told: undefined },
  {
    name: 'a bad token',
    line: 'GET /orders',
    lines: () => ['Authorization: Bearer x.y.z'],
    status: 401,
    told: undefined,
  },
  { name: 'an unknown path', line: 'GET /else', lines: () => [], status: 404, told: undefined },
  { name: 'a method that is not taken', line: 'PATCH /orders', lines: () => [bearer], status: 405, told: undefined },
  {
    name: 'a preflight',
    line: 'OPTIONS /orders',
    lines: () => [`Origin: ${app}`, 'Access-Control-Request-Method: PUT'],
    status: 204,
    told: undefined,
  },
  {
    name: 'a refused preflight',
    line: 'OPTIONS /orders',
    lines: () => ['Origin: https://elsewhere.example', 'Access-Control-Request-Method: PUT'],
    status: 403,
    told: undefined,
  },
  {
    name: 'an upgrade that is declined',
    line: 'GET /socket/declined',
    lines: () => [bearer, ...handshake],
    status: 404,
    told: { 'x-user': 'alice' },
    closes: true,
  },
  {
    name: 'an upgrade to something the upstream never agreed to',
    line: 'GET /socket/broken',
    lines: () => [bearer, ...handshake],
    status: 502,
    told: { 'x-user': 'alice' },
    closes: true,
  },
  {
    name: 'an upgrade without a token',
    line: 'GET /socket',
    lines: () => handshake,
    status: 401,
    told: undefined,
    closes: true,
  },
  {
    name: 'an upgrade where none is offered',
    line: 'GET /orders',
    lines: () => [bearer, ...handshake],
    status: 200,
    told: { 'x-user': 'alice' },
    closes: true,
  },
  {
    name: 'an upgrade to h2c',
    line: 'GET /orders',
    lines: () => [bearer, 'Connection: Upgrade', 'Upgrade: h2c'],
    status: 200,
    told: { 'x-user': 'alice' },
  },
]

let gateway: GatewayProcess
let upstream: StrictUpstream
let bearer: string

beforeAll(async () => {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  const privateJwk: Jwk = { ...made.privateJwk, kid: 'k' }
  const now = Math.floor(Date.now() / 1000)
  const token = await signToken({ iss, aud, sub: 'alice', iat: now, exp: now + 600 }, privateJwk, {})
  bearer = `Authorization: Bearer ${token}`
  upstream = await startStrictUpstream(
    ({ target }, socket) => {
      if (target.endsWith('/broken')) socket.write('no answer at all\r\n\r\n')
      else
        socket.write(target.endsWith('/declined') ? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n' : plainAnswer)
    },
    { takesUpgrades: true },
  )
  const api = (path: string, more: object = {}): object => ({
    listen: { path },
    upstream: { targets: [upstream.url] },
    access: { issuers: ['main'] },
    ...more,
  })
  gateway = await startGateway({
    workers: 1,
    config: {
      version: 1,
      issuers: { main: { issuer: iss, audiences: [aud], keys: { jwks: { keys: [{ ...made.publicJwk, kid: 'k' }] } } } },
      apis: {
        orders: api('/orders', {
          methods: ['GET', 'PUT'],
          forward: { claims: { 'X-User': 'sub', 'X-Roles': 'roles' } },
          cors: { origins: [app] },
          routes: [{ path: '/open', access: 'public', override: true }],
        }),
        plain: api('/plain'),
        open: api('/open', { access: 'public' }),
        socket: api('/socket', { websocket: true, forward: { claims: { 'X-User': 'sub', 'X-Roles': 'roles' } } }),
      },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

/** The request and, on the same connection, an honest one behind it: what the upstream got of each. */
async function send(
  way: Way,
  spoofed: readonly string[],
): Promise<{ answer: WireAnswer; reached: readonly StrictRequest[] }> {
  const before = upstream.requests.length
  const caller = await openWire(gateway.port)
  caller.write([`${way.line} HTTP/1.1`, 'Host: gateway.test', ...spoofed, ...way.lines(), '', ''].join('\r\n'))
  const answer = await caller.answer()
  if (way.closes === true) await caller.closed
  const next = way.closes === true ? await openWire(gateway.port) : caller
  next.write(`GET /orders/next HTTP/1.1\r\nHost: gateway.test\r\n${bearer}\r\n\r\n`)
  expect((await next.answer()).status).toBe(200)
  caller.destroy()
  next.destroy()
  return { answer, reached: upstream.requests.slice(before) }
}

function valuesOf({ headers }: StrictRequest, name: string): readonly string[] {
  const folded = (text: string): string => text.toLowerCase().replaceAll(/[_.]/g, '-')
  return headers.filter(([each]) => folded(each) === name).map(([, value]) => value)
}

describe.each(ways)('S11 S12 $name', (way) => {
  it.each(disguises)('%s: nothing a caller says of who calls reaches the upstream', async (_disguise, disguise) => {
    // As many names as stay below the bound on headers.
    for (let at = 0; at < names.length; at += 4) {
      const group = names.slice(at, at + 4)
      const lines = group.flatMap((name, position) => disguise(name).slice(position === 0 ? 0 : -2))
      const { answer, reached } = await send(
        way,
        lines.filter((line, index) => lines.indexOf(line) === index),
      )
      expect(answer.status).toBe(way.status)
      expect(answer.raw).not.toContain(canary)
      expect(JSON.stringify(reached)).not.toContain(canary)
      const first = way.told === undefined ? undefined : reached[0]
      expect(reached.length).toBe(way.told === undefined ? 1 : 2)
      if (first !== undefined) {
        for (const name of ['x-user', 'x-roles']) {
          const told = way.told?.[name]
          expect(valuesOf(first, name)).toEqual(told === undefined ? [] : [told])
        }
        expect(valuesOf(first, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      }
      // The honest request behind it is told of its own caller, and of nothing the one before said.
      const last = reached.at(-1)
      expect(last && [last.target, valuesOf(last, 'x-user')]).toEqual(['/orders/next', ['alice']])
    }
  })
})

describe('S12 a header behind more than can be read', () => {
  it.each([99, 100, 150, 1_000, 1_990])('behind %i fillers is refused with the request, or removed', async (count) => {
    const before = upstream.requests.length
    const caller = await openWire(gateway.port)
    const lines = [...fillers(count), `X-User: ${canary}`]
    caller.write(['GET /open HTTP/1.1', 'Host: gateway.test', ...lines, '', ''].join('\r\n'))
    expect((await caller.answer()).status).toBe(431)
    caller.destroy()
    expect(upstream.requests.length).toBe(before)
  })

  it('the upstream never saw anything but exactly one request after the other', () => {
    expect(upstream.faults.filter((fault) => !fault.includes('closed'))).toEqual([])
  })
})
