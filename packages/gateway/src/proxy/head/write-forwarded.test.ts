import { describe, expect, it } from 'vitest'
import { headOf, plainGateway } from '../../../test/fixtures/requests.ts'
import { parseForwarded } from './parse-forwarded.ts'
import { writeForwarded } from './write-forwarded.ts'

const by = 'jotgate-test'
const from = { ...plainGateway, trustedProxies: ['192.0.2.7'] }
const believing = { ...from, trustedProxyHeaders: 'rfc7239' } as const

function written(lines: string): string {
  return /^forwarded: (.*)\r\n$/m.exec(lines)?.[1] ?? ''
}

describe('telling an upstream where a request came from', () => {
  it('is done in the form that is configured, and in no other', () => {
    const head = headOf('/orders')
    const x = 'x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: http\r\nx-forwarded-host: api.example\r\n'
    const rfc7239 = 'forwarded: for=192.0.2.7;host=api.example;proto=http;by=_jotgate-test\r\n'
    expect(writeForwarded(head, 'x-forwarded', by)).toBe(x)
    expect(writeForwarded(head, 'rfc7239', by)).toBe(rfc7239)
    expect(writeForwarded(head, 'both', by)).toBe(x + rfc7239)
    expect(writeForwarded(head, 'none', by)).toBe('')
  })

  it.each([
    ['2001:db8::1', 'api.example:8080', 'for="[2001:db8::1]";host="api.example:8080";proto=http;by=_jotgate-test'],
    ['::ffff:192.0.2.9', '[::1]:80', 'for=192.0.2.9;host="[::1]:80";proto=http;by=_jotgate-test'],
    ['fe80::1%eth0', 'a', 'for="[fe80::1]";host=a;proto=http;by=_jotgate-test'],
    ['', 'a', 'for=unknown;host=a;proto=http;by=_jotgate-test'],
  ])('peer %j and host %j are quoted where a token cannot hold them', (peer, host, wanted) => {
    const head = headOf('/', [], { peer, rawHeaders: ['Host', host] })
    const value = written(writeForwarded(head, 'rfc7239', by))
    expect(value).toBe(wanted)
    expect(parseForwarded(value)?.length).toBe(1)
  })

  it('continues a trusted proxy, in the other form too', () => {
    const sent = ['X-Forwarded-For', '6.6.6.6, [2001:db8::1]:80, what?', 'X-Forwarded-Host', 'shop.example']
    const head = headOf('/', sent, {}, from)
    const own = 'for=192.0.2.7;host=shop.example;proto=http;by=_jotgate-test'
    expect(written(writeForwarded(head, 'rfc7239', by))).toBe(`for=6.6.6.6, for="[2001:db8::1]", for=unknown, ${own}`)

    const value = 'for=6.6.6.6;by=_edge, for="[2001:db8::1]:80";host="shop.example:81";proto=https'
    const other = headOf('/', ['Forwarded', value, 'X-Forwarded-For', '7.7.7.7'], {}, believing)
    expect(writeForwarded(other, 'both', by)).toBe(
      'x-forwarded-for: 6.6.6.6, 2001:db8::1, 192.0.2.7\r\nx-forwarded-proto: https\r\nx-forwarded-host: shop.example:81\r\n' +
        `forwarded: ${value}, for=192.0.2.7;host="shop.example:81";proto=https;by=_jotgate-test\r\n`,
    )
  })

  it("replaces a stranger's word", () => {
    const sent = [
      'Forwarded',
      'for=6.6.6.6;host=evil.example',
      'X-Forwarded-For',
      '6.6.6.6',
      'X-Forwarded-Host',
      'evil',
    ]
    for (const gateway of [plainGateway, { ...plainGateway, trustedProxyHeaders: 'rfc7239' } as const]) {
      const lines = writeForwarded(headOf('/', sent, {}, gateway), 'both', by)
      expect(lines).not.toMatch(/6\.6\.6\.6|evil/)
    }
  })
})
