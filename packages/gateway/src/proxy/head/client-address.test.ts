import { describe, expect, it } from 'vitest'
import { plainGateway } from '../../../test/fixtures/requests.ts'
import { clientAddress, forwardedScheme, isTrustedProxy, plainAddress } from './client-address.ts'

const gateway = { ...plainGateway, trustedProxies: ['10.0.0.0/8', '::1'] }

describe('the client address behind trusted proxies', () => {
  it.each([
    [undefined, '10.0.0.1'],
    ['', '10.0.0.1'],
    ['203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9, 10.0.0.3, 10.0.0.2', '203.0.113.9'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:0:203.0.113.9', '::ffff:0:203.0.113.9'],
    ['::ffff:1%eth0.100', '::ffff:1%eth0.100'],
    ['unknown', '10.0.0.1'],
    ['203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
    ['[::1', '10.0.0.1'],
    [',,', '10.0.0.1'],
  ])('of X-Forwarded-For %j is %s', (forwardedFor, client) => {
    expect(clientAddress(gateway, '10.0.0.1', forwardedFor)).toBe(client)
  })

  it('ten thousand claimed hops are not all read', () => {
    const forwardedFor = Array.from({ length: 10_000 }, () => '10.0.0.9').join(', ')
    expect(clientAddress(gateway, '10.0.0.1', `6.6.6.6, ${forwardedFor}`)).toBe('10.0.0.9')
  })

  it('nobody is trusted unless listed', () => {
    expect(isTrustedProxy(plainGateway, '127.0.0.1')).toBe(false)
    expect(isTrustedProxy(gateway, '10.1.2.3')).toBe(true)
    expect(isTrustedProxy(gateway, '11.1.2.3')).toBe(false)
    expect(isTrustedProxy(gateway, '')).toBe(false)
  })

  it('the scheme is the last one written, when it is one', () => {
    expect(forwardedScheme('https')).toBe('https')
    expect(forwardedScheme('https, HTTP')).toBe('http')
    expect(forwardedScheme('javascript')).toBeUndefined()
    expect(forwardedScheme(undefined)).toBeUndefined()
  })

  it('a dual-stack socket names IPv4 peers as IPv4', () => {
    expect(plainAddress('::ffff:127.0.0.1')).toBe('127.0.0.1')
    expect(plainAddress('::1')).toBe('::1')
  })
})
