import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyAddress } from './address-class.ts'

const byClass: readonly (readonly [string, readonly string[]])[] = [
  [
    'public',
    ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.0', '100.63.255.255', '100.128.0.0', '2606:4700::1111'],
  ],
  ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1', 'fec0::1']],
  ['loopback', ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1']],
  ['link-local', ['169.254.1.1', 'fe80::1', 'febf::1']],
  [
    'metadata',
    ['169.254.169.254', '169.254.170.2', '100.100.100.200', 'fd00:ec2::254', '168.63.129.16', '192.0.0.192'],
  ],
  ['cgnat', ['100.64.0.1', '100.127.255.255']],
  ['unspecified', ['0.0.0.0', '0.1.2.3', '::', '0:0:0:0:0:0:0:0']],
  ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
  ['reserved', ['240.0.0.1', '255.255.255.255', '192.0.2.1', '2001:db8::1', '4000::1', '100::1', '2001:20::1']],
]

const carriers: readonly (readonly [string, (quad: string, hex: string) => string])[] = [
  ['mapped', (quad) => `::ffff:${quad}`],
  ['mapped, in hexadecimal', (_, hex) => `::ffff:${hex}`],
  ['compatible', (quad) => `::${quad}`],
  ['translated', (quad) => `::ffff:0:${quad}`],
  ['NAT64', (_, hex) => `64:ff9b::${hex}`],
  ['6to4', (_, hex) => `2002:${hex}::1`],
]

function hexOf(quad: string, xor = 0): string {
  const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map((part) => Number(part) ^ xor)
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

describe('S6: the class of an address', () => {
  for (const [addressClass, addresses] of byClass) {
    it(`${addresses.join(', ')} are ${addressClass}`, () => {
      expect(addresses.map(classifyAddress)).toEqual(addresses.map(() => addressClass))
    })
  }

  it.each(carriers)('an IPv4 address that is not public keeps its class when carried in IPv6: %s', (_, carry) => {
    for (const quad of ['10.1.2.3', '192.168.7.7', '169.254.169.254', '127.9.9.9', '100.64.3.3', '224.0.0.5']) {
      expect(classifyAddress(carry(quad, hexOf(quad)))).toBe(classifyAddress(quad))
    }
  })

  it('a Teredo address has the class of the client hidden in it, and is never public', () => {
    expect(classifyAddress(`2001:0:4136:e378:8000:63bf:${hexOf('192.168.0.1', 0xff)}`)).toBe('private')
    expect(classifyAddress(`2001:0:4136:e378:8000:63bf:${hexOf('8.8.8.8', 0xff)}`)).toBe('reserved')
  })

  it('an IPv4 address reached through mapping or NAT64 is as public as itself; 6to4 and compatible ones never are', () => {
    expect(classifyAddress('::ffff:8.8.8.8')).toBe('public')
    expect(classifyAddress(`64:ff9b::${hexOf('8.8.8.8')}`)).toBe('public')
    expect(classifyAddress(`2002:${hexOf('8.8.8.8')}::1`)).toBe('reserved')
    expect(classifyAddress('::8.8.8.8')).toBe('reserved')
  })

  it.each(['2130706433', '0x7f000001', '0177.0.0.1', '127.1', '127.0.0.01', '', ' 127.0.0.1', '127.0.0.1 ', '[::1]'])(
    'a text that is no plain address has no class: %j',
    (text) => expect(classifyAddress(text)).toBeUndefined(),
  )

  it('an address with a zone has no class', () => expect(classifyAddress('fe80::1%eth0')).toBeUndefined())

  it('every IPv4 address has one class, and its mapped form the same', () => {
    fc.assert(
      fc.property(fc.ipV4(), (quad) => {
        expect(classifyAddress(quad)).toBeDefined()
        expect(classifyAddress(`::ffff:${hexOf(quad)}`)).toBe(classifyAddress(quad))
      }),
    )
  })

  it('every IPv6 text has the class of its fully written form, and is public only inside 2000::/3 or by its IPv4', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((group) => group.toString(16)).join(':')
        const short = new URL(`http://[${text}]/`).hostname.slice(1, -1)
        expect(classifyAddress(short)).toBe(classifyAddress(text))
        const global = (groups[0] ?? 0) >> 13 === 1
        if (classifyAddress(text) === 'public') expect(global || groups.slice(0, 4).every((g) => g === 0)).toBe(true)
      }),
    )
  })
})
