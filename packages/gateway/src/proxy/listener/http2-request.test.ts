import { describe, expect, it } from 'vitest'
import { readHttp2Request } from './http2-request.ts'

const good = [':method', 'GET', ':scheme', 'https', ':path', '/x?y', ':authority', 'a.test']
const replaced = (name: string, value: string): string[] =>
  good.map((text, at) => (at % 2 === 1 && good[at - 1] === name ? value : text))
const without = (name: string): string[] => {
  const at = good.indexOf(name)
  return [...good.slice(0, at), ...good.slice(at + 2)]
}
const reject = (fields: readonly string[]) => readHttp2Request(fields, 'https').reject

describe('S13 a header list of HTTP/2 becomes that of one HTTP/1.1 request', () => {
  it('host comes from :authority, cookie crumbs become one line, the rest stays in order', () => {
    const request = readHttp2Request(
      [...good, 'cookie', 'a=1', 'x-one', '1', 'cookie', 'b=2; c=3', 'x-two', '\xe9', 'x-one', '3', 'cookie', 'd=4'],
      'https',
    )
    expect(request).toMatchObject({ method: 'GET', target: '/x?y', reject: undefined, contentLength: undefined })
    expect(request.rawHeaders).toEqual([
      ...['host', 'a.test', 'x-one', '1', 'x-two', '\xe9', 'x-one', '3'],
      ...['cookie', 'a=1; b=2; c=3; d=4'],
    ])
  })

  it('host stands for :authority where none came, and beside it only when it says the same', () => {
    expect(readHttp2Request([...without(':authority'), 'host', 'b.test'], 'https').rawHeaders).toEqual([
      'host',
      'b.test',
    ])
    const same = readHttp2Request([...good, 'host', 'A.TEST'], 'https')
    expect(same).toMatchObject({ rawHeaders: ['host', 'a.test'], reject: undefined })
    expect(reject([...good, 'host', 'b.test'])).toEqual({ reason: 'bad_header', name: 'host', fault: 'duplicate' })
    expect(reject([...good, 'host', 'a.test', 'host', 'a.test'])).toMatchObject({ name: 'host' })
  })

  it.each(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])(
    '%s, which speaks of a connection, is refused',
    (name) => {
      expect(reject([...good, name, 'x'])).toEqual({ reason: 'bad_header', name, fault: 'invalid' })
    },
  )

  it('te says trailers or is refused', () => {
    expect(reject([...good, 'te', 'trailers'])).toBeUndefined()
    expect(reject([...good, 'te', 'gzip'])).toMatchObject({ name: 'te', fault: 'invalid' })
    expect(reject([...good, 'te', 'trailers, gzip'])).toMatchObject({ name: 'te' })
  })

  it('upper case in a name and space around a value are refused', () => {
    expect(reject([...good, 'X-Up', '1'])).toMatchObject({ reason: 'bad_header', fault: 'invalid' })
    for (const value of [' a', 'a ', '\ta', 'a\t']) expect(reject([...good, 'x', value])).toMatchObject({ name: '' })
    expect(reject([...good, 'x', ''])).toBeUndefined()
  })

  it.each([
    ['without :method', without(':method'), ':method', 'missing'],
    ['without :scheme', without(':scheme'), ':scheme', 'missing'],
    ['without :path', without(':path'), ':path', 'missing'],
    ['with an empty :authority', replaced(':authority', ''), ':authority', 'invalid'],
    ['of another scheme than its connection', replaced(':scheme', 'http'), ':scheme', 'invalid'],
    ['with a method in small letters', replaced(':method', 'get'), ':method', 'invalid'],
    ['with a target in its method', replaced(':method', 'GET /x'), ':method', 'invalid'],
    ['with two :path', [...good, ':path', '/z'], ':path', 'duplicate'],
    ['with a pseudo-header behind a header', ['x', '1', ...good], ':method', 'invalid'],
    ['of extended CONNECT', [':protocol', 'websocket', ...good], ':', 'invalid'],
    ['with a pseudo-header nobody knows', [':x', '1', ...good], ':', 'invalid'],
  ])('a request %s is refused', (_what, fields, name, fault) => {
    expect(reject(fields)).toEqual({ reason: 'bad_header', name, fault })
  })

  it.each(['', '*', 'x', 'http://a.test/x'])('a :path of %j is refused', (path) => {
    expect(reject(replaced(':path', path))).toEqual({ reason: 'bad_path', fault: 'not_origin_form' })
  })

  it('CONNECT is refused', () => {
    expect(reject([':method', 'CONNECT', ':authority', 'a.test:443'])).toMatchObject({ reason: 'method_not_allowed' })
    expect(reject(replaced(':method', 'CONNECT'))).toMatchObject({ reason: 'method_not_allowed' })
  })

  it('a header list over 16 KiB is too large, counted as RFC 9113 6.5.2 counts', () => {
    const used = good.reduce((sum, text) => sum + text.length, 0) + 4 * 32
    const list = (bytes: number): string[] => [...good, 'x', 'v'.repeat(bytes - used - 33)]
    expect(reject(list(16_384))).toBeUndefined()
    expect(reject(list(16_385))).toEqual({ reason: 'headers_too_large' })
  })
})
