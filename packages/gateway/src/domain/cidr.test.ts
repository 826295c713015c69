import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileNetworks, isAddress, isInNetworks } from './cidr.ts'

function lies(network: string, address: string): boolean {
  const networks = compileNetworks([network])
  if (networks === undefined) throw new Error(`unreadable ${network}`)
  return isInNetworks(networks, address)
}

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/33', '2001:db8:ffff::1', false],
    ['::/0', '2001:db8::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::1', '::1', true],
    ['::1', '127.0.0.1', false],
  ])('%s holds %s: %s', (network, address, held) => {
    expect(lies(network, address)).toBe(held)
  })

  it.each(['10.0.0.0/33', '10.0.0/8', '10.0.0.0/', '10.0.0.0/08', '::/129', '1:2:3', ':::', '1::2::3', 'example', ''])(
    '%j is no network, and no list that holds it is compiled',
    (text) => {
      expect(compileNetworks(['127.0.0.1', text])).toBeUndefined()
    },
  )

  it.each([
    '010.0.0.1',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    '1.2.3.256',
    '1.2.3.4.5',
    '1.2.3.',
    '::1.2.3',
    '12345::',
    '',
  ])('%j is no address', (text) => {
    expect(isAddress(text)).toBe(false)
  })

  it('reads addresses as Node does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 12 })), (text) => {
        expect(isAddress(text)).toBe(isIP(text) !== 0)
      }),
      { numRuns: 2000 },
    )
  })

  it('covers what Node says a network covers', () => {
    const near = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.ipV6(), fc.boolean())
    fc.assert(
      fc.property(near, ([network, bits, other, same]) => {
        const address = same ? network : other
        const list = new BlockList()
        list.addSubnet(network, bits, 'ipv6')
        expect(lies(`${network}/${bits}`, address)).toBe(list.check(address, 'ipv6'))
      }),
      { numRuns: 500 },
    )
  })
})
