import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exchangeOf, headOf, plainGateway } from '../../../test/fixtures/requests.ts'
import type { Reject } from '../../domain/reject.ts'
import { serverNames } from '../../domain/server-names.ts'
import type { Exchange } from '../exchange.ts'
import { readRequest } from './read-request.ts'

function refusal(target: string, rawHeaders: readonly string[] = [], overrides: Partial<Exchange> = {}): Reject {
  const head = readRequest(exchangeOf(target, rawHeaders, overrides), plainGateway)
  if (head.ok) throw new Error('was read')
  return head.error
}

function names(rawHeaders: readonly string[]): readonly string[] {
  return headOf('/', rawHeaders).headers.filter((_, at) => at % 2 === 0)
}

describe('reading a request', () => {
  it('puts each header in its place, in whatever case it is spelled', () => {
    const head = headOf('/a/%62?q=%62', [
      'AUTHORIZATION',
      'Bearer x',
      'cookie',
      'a=1',
      'ORIGIN',
      'https://app.example',
      'sec-fetch-SITE',
      'same-origin',
      'content-TYPE',
      'text/plain',
      'DPoP',
      'p',
      'user-agent',
      'curl',
    ])
    expect(head).toMatchObject({
      method: 'GET',
      path: '/a/b',
      query: '?q=%62',
      host: 'api.example',
      authority: 'api.example',
      authorization: 'Bearer x',
      cookie: 'a=1',
      origin: 'https://app.example',
      secFetchSite: 'same-origin',
      scheme: 'http',
      clientAddress: '192.0.2.7',
    })
    expect(head.headers).toHaveLength(14)
    expect(head.hashes).toHaveLength(7)
  })

  describe('S12 a host and the name of the TLS handshake lead to one certificate', () => {
    const names = serverNames([['a.example', 'b.example'], ['*.c.example'], ['api.example']])
    const on = (serverName: string, host: string) =>
      readRequest(
        exchangeOf('/', [], {
          scheme: 'https',
          tls: { serverName, names, clientCertificate: undefined },
          rawHeaders: ['Host', host],
        }),
        plainGateway,
      )

    it.each([
      ['a.example', 'a.example'],
      ['a.example', 'A.example:8443'],
      ['a.example', 'b.example'],
      ['x.c.example', 'y.c.example'],
      ['', 'api.example'],
      ['', '192.0.2.1'],
      ['nobody.example', 'nobody.example'],
    ])('on a connection for %j, host %s is served', (serverName, host) => {
      expect(on(serverName, host)).toMatchObject({ ok: true, value: { scheme: 'https' } })
    })

    it.each([
      ['a.example', 'api.example'],
      ['x.c.example', 'a.example'],
      ['a.example', 'nobody.example'],
      ['nobody.example', 'a.example'],
      ['nobody.example', 'somebody.example'],
      ['a.example', '192.0.2.1'],
    ])('on a connection for %j, host %s is misdirected', (serverName, host) => {
      expect(on(serverName, host)).toEqual({ ok: false, error: { reason: 'misdirected_request' } })
    })
  })

  it.each(['Authorization', 'Content-Type', 'DPoP', 'Origin', 'Host'])('a second %s is refused', (name) => {
    expect(refusal('/', [name, 'a', 'x-filler', '1', name.toLowerCase(), 'a'])).toMatchObject({
      reason: 'bad_header',
      name: name.toLowerCase(),
      fault: 'duplicate',
    })
  })

  it('joins cookie lines, so that a second one hides nothing', () => {
    expect(headOf('/', ['Cookie', 'a=1', 'Cookie', 'b=2']).cookie).toBe('a=1; b=2')
  })

  it('an HTTP/1.1 request needs a host, an HTTP/1.0 request does not', () => {
    expect(refusal('/', [], { rawHeaders: [] })).toEqual({ reason: 'bad_header', name: 'host', fault: 'missing' })
    expect(readRequest(exchangeOf('/', [], { rawHeaders: [], httpVersion: '1.0' }), plainGateway)).toMatchObject({
      ok: true,
      value: { host: '', authority: '' },
    })
    expect(refusal('/', [], { rawHeaders: ['Host', 'me@api.example'] })).toMatchObject({
      name: 'host',
      fault: 'invalid',
    })
  })

  it.each([
    ['a bare CR', 'x-a', 'a\rb'],
    ['a line feed', 'x-a', 'a\nx-admin: 1'],
    ['NUL', 'x-a', '\0'],
    ['DEL', 'x-a', '\x7f'],
    ['a character beyond latin1', 'x-a', 'Ċ'],
    ['a space in the name', 'x a', '1'],
    ['a colon in the name', 'x:a', '1'],
    ['no name', '', '1'],
    ['a byte outside ASCII in the name', 'x-é', '1'],
  ])('a header with %s is refused', (_, name, value) => {
    expect(refusal('/', [name, value])).toMatchObject({ reason: 'bad_header', fault: 'invalid' })
  })

  it('a header value may hold tabs and latin1 bytes', () => {
    expect(names(['x-a', 'a\tb\xe9'])).toEqual(['x-a'])
  })

  it('101 headers are too many, 100 are not', () => {
    const fillers = (count: number): string[] => Array.from({ length: count }, (_, at) => [`x-${at}`, '1']).flat()
    expect(refusal('/', fillers(100))).toEqual({ reason: 'headers_too_large' })
    expect(headOf('/', fillers(99)).hashes).toHaveLength(99)
  })

  it.each(['CONNECT', 'TRACE'])('%s is refused by the gateway itself', (method) => {
    expect(refusal('/', [], { method })).toEqual({ reason: 'method_not_allowed', allowed: [], rule: 'gateway' })
  })

  it.each([
    ['both framings', ['Transfer-Encoding', 'chunked', 'Content-Length', '1']],
    ['two lengths', ['Content-Length', '1', 'content-length', '1']],
    ['two codings', ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
    ['a coding other than chunked', ['Transfer-Encoding', 'gzip, chunked']],
    ['a padded coding', ['Transfer-Encoding', 'chunked, identity']],
    ['a length that is a list', ['Content-Length', '1, 1']],
    ['a signed length', ['Content-Length', '+1']],
    ['an empty length', ['Content-Length', '']],
    ['a length beyond 2^53', ['Content-Length', '9999999999999999']],
  ])('%s is bad framing', (_, rawHeaders) => {
    expect(refusal('/', rawHeaders).reason).toBe('bad_framing')
  })

  it('a coding in HTTP/1.0 is bad framing', () => {
    expect(refusal('/', ['Transfer-Encoding', 'chunked'], { httpVersion: '1.0' }).reason).toBe('bad_framing')
  })

  it.each([
    ['http://api.example/a?b', '/a', '?b'],
    ['HTTP://API.example/a', '/a', ''],
    ['https://api.example', '/', ''],
    ['http://api.example?b', '/', '?b'],
  ])('S12 the absolute form %s is read as %s', (target, path, query) => {
    expect(headOf(target)).toMatchObject({ path, query })
  })

  it.each([
    'http://other.example/a',
    'http://apj.example/a',
    'http://api.example.evil.example/a',
    'http://api.example@evil.example/a',
    'http://api.example:81/a',
    'ftp://api.example/a',
    '*',
    'api.example:80',
    'a',
    '',
  ])('S12 the target %j is refused', (target) => {
    expect(refusal(target)).toEqual({ reason: 'bad_path', fault: 'not_origin_form' })
  })

  it('never throws and always decides, whatever the header list holds', () => {
    const text = fc.string({ unit: fc.nat(0x2ff).map((code) => String.fromCharCode(code)), maxLength: 8 })
    fc.assert(
      fc.property(
        fc.array(fc.oneof(text, fc.constantFrom('Host', 'cookie', 'connection', 'x_y'))),
        text,
        (raw, target) => {
          const head = readRequest(exchangeOf(`/${target}`, raw), plainGateway)
          if (head.ok) expect(head.value.headers).toHaveLength(head.value.hashes.length * 2)
        },
      ),
    )
  })
})

describe('reserved headers are dropped from every request', () => {
  it.each([
    'Connection',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Upgrade',
    'Proxy-Authorization',
    'Host',
    'Content-Length',
    'Expect',
    'Jotgate-User',
    'X-Forwarded-For',
    'X-Forwarded-User',
    'Forwarded',
    'X-Real-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'Client-Cert',
  ])('%s, also in other spellings and behind 90 fillers', (name) => {
    const fillers = Array.from({ length: 90 }, (_, at) => [`x-filler-${at}`, '1']).flat()
    const value = name === 'Content-Length' ? '0' : 'x'
    const host = name === 'Host'
    for (const spelling of [name, name.toUpperCase(), name.replaceAll('-', '_'), name.replaceAll('-', '.')]) {
      const rawHeaders = [...(host ? [] : ['Host', 'a']), ...fillers, spelling, value]
      const head = readRequest(exchangeOf('/', [], { rawHeaders }), plainGateway)
      expect(head.ok && head.value.hashes.length).toBe(90)
    }
  })

  it('what Connection names is dropped, in any spelling', () => {
    const rawHeaders = [
      'X-Hop',
      '1',
      'x_hop',
      '2',
      'X-Kept',
      '3',
      'Connection',
      'close, x-hop',
      'connection',
      'X.Other',
    ]
    expect(names([...rawHeaders, 'x-other', '4'])).toEqual(['X-Kept'])
  })

  it('Connection cannot hide a header the request is judged by', () => {
    const judged = ['Authorization', 'Cookie', 'Content-Type', 'DPoP', 'Origin']
    const rawHeaders = judged.flatMap((name) => [name, 'x'])
    expect(names([...rawHeaders, 'Connection', judged.join(', ')])).toEqual(judged)
  })

  it('X-Forwarded-* are believed from trusted proxies and from nobody else', () => {
    const rawHeaders = [
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'www.example',
    ]
    expect(headOf('/', rawHeaders)).toMatchObject({
      clientAddress: '192.0.2.7',
      scheme: 'http',
      forwardedFor: undefined,
      forwardedHost: undefined,
    })
    const gateway = { ...plainGateway, trustedProxies: ['192.0.2.0/24'] }
    expect(headOf('/', rawHeaders, {}, gateway)).toMatchObject({
      clientAddress: '203.0.113.9',
      scheme: 'https',
      forwardedFor: '203.0.113.9',
      forwardedHost: 'www.example',
      host: 'api.example',
    })
  })
})
