import { describe, expect, it } from 'vitest'
import { readOwn } from '../../../test/fuzz/http1-oracle.ts'
import type { Http1Fault } from './http1-fault.ts'
import { Http1Parser, headBytesMax } from './http1-parser.ts'

const whole = (text: string): ReturnType<typeof readOwn> => {
  const bytes = Buffer.from(text, 'latin1')
  return readOwn(bytes, () => bytes.length)
}

describe('requests on one connection', () => {
  const stream =
    'GET /a?b=c HTTP/1.1\r\nHost: x\r\nA: \t b \t\r\n\r\n' +
    'POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello\r\n' +
    'PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n002\r\nde\r\n0\r\nSum: 1\r\n\r\n' +
    'OPTIONS * HTTP/1.0\r\n\r\n'
  const expected = [
    { method: 'GET', target: '/a?b=c', version: '1.1', headers: ['Host', 'x', 'A', 'b'], body: '', trailers: [] },
    { method: 'POST', target: '/b', version: '1.1', headers: ['Content-Length', '5'], body: 'hello', trailers: [] },
    {
      ...{ method: 'PUT', target: '/c', version: '1.1', headers: ['Transfer-Encoding', 'chunked'] },
      ...{ body: 'abcde', trailers: ['Sum', '1'] },
    },
    { method: 'OPTIONS', target: '*', version: '1.0', headers: [], body: '', trailers: [] },
  ].map((request) => ({ ...request, isWhole: true }))

  it('are read one after the other', () => {
    expect(whole(stream)).toEqual({ requests: expected, fault: undefined })
  })

  it.each([1, 2, 3, 7, 40])('are the same in pieces of %i bytes', (bytes) => {
    expect(readOwn(Buffer.from(stream), () => bytes)).toEqual({ requests: expected, fault: undefined })
  })
})

const faults: readonly (readonly [Http1Fault, string])[] = [
  ['method', 'FROB / HTTP/1.1\r\n\r\n'],
  ['method', 'FROB'],
  ['method', '\x16\x03\x01\x02\x00'],
  ['method', ' GET / HTTP/1.1\r\n\r\n'],
  ['target', 'GET  / HTTP/1.1\r\n\r\n'],
  ['target', 'GET a HTTP/1.1\r\n\r\n'],
  ['target', 'GET /\x80 HTTP/1.1\r\n\r\n'],
  ['target', 'GET /\r\n\r\n'],
  ['target', 'GET http://x\\y/ HTTP/1.1\r\n\r\n'],
  ['request_line', 'GET / ICE/1.0\r\n\r\n'],
  ['request_line', 'GET / HTTP/1.1 \r\n\r\n'],
  ['request_line', '\r\r\nGET / HTTP/1.1\r\n\r\n'],
  ['version', 'GET / HTTP/1.2\r\n\r\n'],
  ['header_name', 'GET / HTTP/1.1\r\nA : b\r\n\r\n'],
  ['header_name', 'GET / HTTP/1.1\r\n A: b\r\n\r\n'],
  ['header_name', 'GET / HTTP/1.1\r\n: b\r\n\r\n'],
  ['header_name', 'GET / HTTP/1.1\r\nA\r\n\r\n'],
  ['header_value', 'GET / HTTP/1.1\r\nA: b\0\r\n\r\n'],
  ['header_value', 'GET / HTTP/1.1\r\nA: b\rc\r\n\r\n'],
  ['header_value', 'GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n'],
  ['bare_lf', 'GET / HTTP/1.1\nHost: x\n\n'],
  ['headers_too_large', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(129)}\r\n`],
  ['headers_too_large', `GET / HTTP/1.1\r\nA: ${'b'.repeat(headBytesMax)}\r\n\r\n`],
  ['chunk_size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n'],
  ['chunk_end', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab'],
  ['trailer', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n'],
  ['trailer', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : 1\r\n\r\n'],
]

describe('bytes that are no request', () => {
  it.each(faults)('%s: %j', (fault, text) => {
    expect(whole(text).fault).toBe(fault)
    expect(readOwn(Buffer.from(text, 'latin1'), () => 1).fault).toBeDefined()
  })
})

const unframed = [
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length:',
  'Content-Length: 1000000000000000',
]

describe('framing that contradicts itself', () => {
  it.each(unframed)('ends the connection with its head: %j', (fields) => {
    const parser = new Http1Parser()
    const bytes = Buffer.from(`POST / HTTP/1.1\r\n${fields}\r\n\r\nhello`)
    expect(parser.readHead(bytes, 0)).toBe(bytes.length - 5)
    expect(parser.head).toMatchObject({ isUnframed: true, isLast: true, body: 0 })
    expect(parser.isInBody).toBe(false)
  })

  it('is chunks in HTTP/1.0 too', () => {
    const parser = new Http1Parser()
    parser.readHead(Buffer.from('POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n'), 0)
    expect(parser.head).toMatchObject({ isUnframed: true, isLast: true })
  })
})

it.each([
  ['HTTP/1.1', '', false],
  ['HTTP/1.1', 'Connection: close', true],
  ['HTTP/1.1', 'Connection: x, Close', true],
  ['HTTP/1.1', 'Connection: keep-alive\r\nConnection: close', true],
  ['HTTP/1.0', '', true],
  ['HTTP/1.0', 'Connection: keep-alive', false],
  ['HTTP/1.0', 'Connection: keep-alive, close', true],
])('a request of %s with %j is the last: %s', (version, fields, isLast) => {
  const parser = new Http1Parser()
  parser.readHead(Buffer.from(`GET / ${version}\r\n${fields === '' ? '' : `${fields}\r\n`}\r\n`), 0)
  expect(parser.head?.isLast).toBe(isLast)
})

const shapes: Readonly<Record<string, (n: number) => string>> = {
  'many fields': (n) => `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(Math.min(n, 120))}`,
  'a long value': (n) => `GET / HTTP/1.1\r\nA: ${'b'.repeat(n)}`,
  'a long name': (n) => `GET / HTTP/1.1\r\n${'a'.repeat(n)}`,
  'a long target': (n) => `GET /${'a'.repeat(n)}`,
  'white space': (n) => `GET / HTTP/1.1\r\nA:${' '.repeat(n)}`,
  'small chunks': (n) => `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(n)}`,
}

describe('work is linear in the bytes, whatever their pieces', () => {
  it.each(Object.entries(shapes))('%s', (_name, shape) => {
    const steps = (n: number): number => {
      const parser = new Http1Parser()
      const bytes = Buffer.from(shape(n), 'latin1')
      for (let at = 0; at < bytes.length && parser.fault === undefined; at++) {
        const piece = bytes.subarray(at, at + 1)
        if (parser.isInBody) parser.readBody(piece, 0)
        else parser.readHead(piece, 0)
      }
      return parser.steps
    }
    expect(steps(4000)).toBeLessThan(3 * steps(2000) + 1000)
  })
})
