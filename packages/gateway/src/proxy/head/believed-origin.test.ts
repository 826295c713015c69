import { describe, expect, it } from 'vitest'
import { headOf, plainGateway } from '../../../test/fixtures/requests.ts'

const x = { ...plainGateway, trustedProxies: ['192.0.2.7', '10.0.0.0/8'] }
const rfc7239 = { ...x, trustedProxyHeaders: 'rfc7239' } as const

describe('what a trusted proxy says of where a request came from', () => {
  it.each<[string, string, string, string | undefined]>([
    ['for=203.0.113.9;proto=https;host=shop.example', '203.0.113.9', 'https', 'shop.example'],
    ['for=6.6.6.6, for=203.0.113.9;proto=https, for=10.1.1.1;proto=http', '203.0.113.9', 'http', undefined],
    ['for="[2001:db8::1]:4711"', '2001:db8::1', 'http', undefined],
    ['for=203.0.113.9;proto=gopher;host="no host"', '203.0.113.9', 'http', undefined],
    ['for=_hidden', '192.0.2.7', 'http', undefined],
    ['for=203.0.113.9, for=unknown, for=10.1.1.1', '10.1.1.1', 'http', undefined],
    ['for="fe80::1%, 6.6.6.6"', '192.0.2.7', 'http', undefined],
    ['proto=https', '192.0.2.7', 'https', undefined],
    ['for=6.6.6.6;x=", for=203.0.113.9', '192.0.2.7', 'http', undefined],
    [',', '192.0.2.7', 'http', undefined],
  ])('Forwarded: %s names the caller %s, by %s', (value, clientAddress, scheme, forwardedHost) => {
    expect(headOf('/', ['Forwarded', value], {}, rfc7239)).toMatchObject({ clientAddress, scheme, forwardedHost })
  })

  it('several lines are one list, and none of them is skipped', () => {
    const sent = ['Forwarded', 'for=6.6.6.6', 'Forwarded', 'for=203.0.113.9']
    expect(headOf('/', sent, {}, rfc7239).clientAddress).toBe('203.0.113.9')
  })

  it('is read in one family of headers: what the proxy does not write it passes on as the caller sent it', () => {
    const sent = ['Forwarded', 'for=6.6.6.6;proto=https', 'X-Forwarded-For', '203.0.113.9']
    expect(headOf('/', sent, {}, x)).toMatchObject({
      clientAddress: '203.0.113.9',
      scheme: 'http',
      forwarded: undefined,
    })
    const swapped = ['X-Forwarded-For', '6.6.6.6', 'X-Forwarded-Proto', 'https', 'Forwarded', 'for=203.0.113.9']
    expect(headOf('/', swapped, {}, rfc7239)).toMatchObject({ clientAddress: '203.0.113.9', scheme: 'http' })
  })

  it('is not read of anybody else', () => {
    const gateway = { ...rfc7239, trustedProxies: ['10.0.0.0/8'] }
    const head = headOf('/', ['Forwarded', 'for=6.6.6.6;proto=https;host=evil.example'], {}, gateway)
    expect(head).toMatchObject({ clientAddress: '192.0.2.7', scheme: 'http', forwardedHost: undefined })
    expect(head.forwarded).toBeUndefined()
  })
})
