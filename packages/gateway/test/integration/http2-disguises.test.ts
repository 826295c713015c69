import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notCodings } from '../raw/coding-disguises.ts'
import { nameBytes, valueBytes } from '../raw/field-bytes.ts'
import { notHosts } from '../raw/host-forms.ts'
import { notLengths } from '../raw/length-disguises.ts'
import { notMethods } from '../raw/request-line-bytes.ts'
import { smuggled } from '../raw/row.ts'
import { callWithFrames, endHeaders, frame, frameType, headers } from '../support/http2-frames.ts'
import { makeCertificate } from '../support/make-certificate.ts'
import { type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway } from './gateway-process.ts'

let gateway: GatewayProcess
let upstream: StrictUpstream

beforeAll(async () => {
  upstream = await startStrictUpstream()
  const folder = makeFolder()
  const pair = makeCertificate({ name: 'a.test', names: ['a.test'] })
  writeFileSync(join(folder, 'a.key'), pair.privateKey, { mode: 0o600 })
  const certificates = [{ certificate: pair.certificate, privateKey: '${file:a.key}' }]
  gateway = await startGateway({
    folder,
    workers: 1,
    config: {
      version: 1,
      gateway: { listeners: [{ tls: { certificates } }] },
      apis: { open: { listen: { path: '/open' }, upstream: { targets: [upstream.url] }, access: 'public' } },
    },
  })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

const dial = (port: number): Socket =>
  connect({ port, host: '127.0.0.1', servername: 'a.test', ALPNProtocols: ['h2'], rejectUnauthorized: false })

type Fields = readonly (readonly [name: string, value: string])[]

/** The fields of an honest request, one of them replaced or more added. */
function fields(pseudo: Readonly<Record<string, string>> = {}, more: Fields = []): Fields {
  const first = { ':method': 'POST', ':scheme': 'https', ':authority': 'a.test', ':path': '/open/x', ...pseudo }
  return [...Object.entries(first), ...more]
}

const hidden = `0\r\n\r\n${smuggled}`

interface Sent {
  readonly outcome: string
  /** Request line and body of each request. */
  readonly arrived: readonly string[]
  /** All names and values of all of them. */
  readonly headers: string
}

/** Sends one stream, with a request hidden in its content, and says what became of it and what reached the upstream. */
async function send(sent: Fields, content = hidden): Promise<Sent> {
  const before = upstream.requests.length
  const caller = await callWithFrames(gateway.port, true, undefined, dial)
  caller.write(headers(1, sent.flat(), endHeaders), frame(frameType.data, 1, 1, Buffer.from(content, 'latin1')))
  const outcome = await caller.outcome(1)
  caller.socket.destroy()
  await caller.closed
  const requests = upstream.requests.slice(before)
  return {
    outcome,
    arrived: requests.map(({ line, body }) => `${line} ${body}`),
    headers: requests.flatMap((request) => request.headers).join(),
  }
}

const refusals = /^(?:4\d\d|reset \d+|goaway \d+|end)$/

interface Disguise {
  readonly name: string
  readonly clause: string
  readonly values: readonly string[]
  readonly build: (value: string) => Fields
}

const withMore = (...more: Fields): Fields => fields({}, more)
const lines = [
  '\r\nX-A: b',
  `\r\n\r\n${smuggled}`,
  '\nX-A: b',
  '\rX-A: b',
  '\r\n a',
  '\0',
  '\r\nContent-Length: 0\r\n\r\n',
]

/** Fields nghttp2 finds malformed: it leaves them out, and the request is one without them. */
const leftOut: readonly Disguise[] = [
  { name: 'a byte in a value', clause: '8.2.1', values: valueBytes, build: (v) => withMore(['x-key', `a${v}b`]) },
  { name: 'lines in a value', clause: '10.3', values: lines, build: (v) => withMore(['x-key', `a${v}`]) },
  { name: 'lines in a cookie', clause: '8.2.3', values: lines, build: (v) => withMore(['cookie', `x-key=b${v}`]) },
  {
    name: 'a byte in a name',
    clause: '8.2.1',
    values: [...nameBytes, ':', ...lines],
    build: (v) => withMore([`x${v}-key`, '1']),
  },
  {
    name: 'a host beside the authority',
    clause: '8.3.1',
    values: [
      'x-key@a.test',
      'a.test, x-key',
      'a.test/x-key',
      'a.test x-key',
      ...lines.map((line) => `a.test${line}x-key`),
    ],
    build: (v) => withMore(['host', v]),
  },
  {
    name: 'a transfer coding',
    clause: '8.2.2',
    values: ['chunked\t', ...lines.map((line) => `chunked${line}`)],
    build: (v) => withMore(['transfer-encoding', v]),
  },
]

/** What HTTP/1.1 would read as something else (RFC 9113 8 and 10.3): none of it becomes a request. */
const disguises: readonly Disguise[] = [
  {
    name: 'a capital in a name',
    clause: '8.2.1',
    values: ['A', 'Z'],
    build: (v) => withMore([`x${v}y`, '1']),
  },
  {
    name: 'upper case in a name',
    clause: '8.2',
    values: ['X-Key', 'Content-Length', 'HOST', 'Transfer-Encoding', 'hosT'],
    build: (v) => withMore([v, '1']),
  },
  {
    name: 'a path',
    clause: '8.3.1',
    values: [
      ...[
        '',
        'open/x',
        '*',
        ' /open/x',
        '/open/x ',
        '/open/x y',
        '/open/x HTTP/1.1',
        '/open/x#f',
        '/open/../x',
        '//a.test',
      ],
      ...[
        'http://b.test/open/x',
        '/open//x',
        '/open\\x',
        '/open/%2e%2e',
        '/open/%00',
        '/open/%',
        '/open/\xe4',
        '/open/;x',
      ],
      ...lines.map((line) => `/open/x${line}`),
      ...lines.map((line) => `/open/x HTTP/1.1${line}`),
    ],
    build: (v) => fields({ ':path': v }),
  },
  {
    name: 'a method',
    clause: '8.3.1',
    values: [...notMethods, '', 'GET /open/y HTTP/1.1\r\nHost: a.test\r\n\r\nGET', 'GET ', ' GET', 'CONNECT', 'TRACE'],
    build: (v) => fields({ ':method': v }),
  },
  {
    name: 'an authority',
    clause: '8.3.1',
    values: [...notHosts.map((host) => host.slice(1)), ...lines.map((line) => `a.test${line}`)],
    build: (v) => fields({ ':authority': v }),
  },
  {
    name: 'a scheme',
    clause: '8.3.1',
    values: ['http', 'ftp', '', 'https ', 'https://a.test/open/y', 'x', 'https\r\nX-A: b'],
    build: (v) => fields({ ':scheme': v }),
  },
  {
    name: 'a pseudo-header twice',
    clause: '8.3',
    values: [':path', ':method', ':scheme', ':authority'],
    build: (v) => withMore([v, '/open/y']),
  },
  {
    name: 'a pseudo-header behind a field',
    clause: '8.3',
    values: [':path', ':method', ':scheme', ':authority'],
    build: (v) => [...fields().filter(([name]) => name !== v), ['x-key', '1'], [v, '/open/x']],
  },
  {
    name: 'a pseudo-header missing',
    clause: '8.3.1',
    values: [':path', ':method', ':scheme'],
    build: (v) => fields().filter(([name]) => name !== v),
  },
  {
    name: 'a pseudo-header nobody knows',
    clause: '8.3',
    values: [':', '::path', ':version', ':status', ':host', ':protocol', ':content-length', ':transfer-encoding'],
    build: (v) => [[v, '1'], ...fields()],
  },
  {
    name: 'a field of the connection',
    clause: '8.2.2',
    values: ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
    build: (v) => withMore([v, 'chunked']),
  },
  {
    name: 'a transfer coding',
    clause: '8.2.2',
    values: ['chunked', 'identity', '', ...notCodings.filter((value) => !value.endsWith('\t'))],
    build: (v) => withMore(['transfer-encoding', v]),
  },
  {
    name: 'a length',
    clause: '8.1.1',
    values: notLengths,
    build: (v) => withMore(['content-length', v]),
  },
  {
    name: "a length that is not the content's",
    clause: '8.1.1',
    values: ['1', '4', '5', '51', '53', '500', '00'],
    build: (v) => withMore(['content-length', v]),
  },
  {
    name: 'a second length',
    clause: '8.1.1',
    values: ['5', '0', '500', '', 'x'],
    build: (v) => withMore(['content-length', String(hidden.length)], ['content-length', v]),
  },
  { name: 'te', clause: '8.2.2', values: ['gzip', 'chunked', 'trailers, chunked'], build: (v) => withMore(['te', v]) },
  {
    name: 'a host that is not the authority',
    clause: '8.3.1',
    values: ['b.test', 'a.test:80', 'a.test.b', 'b.a.test', '[::1]'],
    build: (v) => withMore(['host', v]),
  },
]

describe.each(disguises)('S13 $name (RFC 9113 $clause)', ({ values, build }) => {
  it.each(values.map((value) => [JSON.stringify(value).slice(0, 60), value]))(
    '%s never becomes a request',
    async (_, value) => {
      const { outcome, arrived } = await send(build(value))
      expect(outcome).toMatch(refusals)
      expect(arrived).toEqual([])
    },
  )
})

describe.each(leftOut)('S13 $name (RFC 9113 $clause)', ({ values, build }) => {
  it.each(values.map((value) => [JSON.stringify(value).slice(0, 60), value]))('%s never arrives', async (_, value) => {
    const { outcome, arrived, headers: received } = await send(build(value))
    if (outcome !== '200') expect(outcome).toMatch(refusals)
    expect(arrived).toEqual(outcome === '200' ? [`POST /open/x HTTP/1.1 ${hidden}`] : [])
    expect(received).not.toMatch(/key|x-a/i)
  })
})

describe('S13 content that looks like a request stays content', () => {
  it.each([
    ['without a length', withMore()],
    ['with its length', withMore(['content-length', String(hidden.length)])],
    ['beside other spellings of framing', withMore(['content_length', '5'], ['transfer_encoding', 'chunked'])],
    ['beside the same host', withMore(['host', 'a.test'])],
    ['of DELETE', fields({ ':method': 'DELETE' })],
    ['beside te: trailers', withMore(['te', 'trailers'])],
  ])('%s', async (_, sent) => {
    const { outcome, arrived } = await send(sent)
    expect(outcome).toBe('200')
    expect(arrived).toEqual([`${sent[0]?.[1]} /open/x HTTP/1.1 ${hidden}`])
  })
})

it('S13 content behind a length of 0 is cut off, and becomes nothing', async () => {
  const { outcome, arrived } = await send(withMore(['content-length', '0']))
  expect(outcome).toMatch(refusals)
  expect(['', 'POST /open/x HTTP/1.1 ']).toContain(arrived.join())
})

it('S13 the upstream never saw anything but exactly one request after the other', () => {
  expect(upstream.faults).toEqual([])
})
