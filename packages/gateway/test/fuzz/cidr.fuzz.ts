import { strictEqual } from 'node:assert'
import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { compileNetworks, isAddress, isInNetworks } from '../../src/domain/cidr.ts'
import { isAddressSlowly } from './address-oracle.ts'
import { damagedText } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// Against node:net: the same texts are addresses, and the same addresses lie in a network.

const v6 = fc.oneof(
  fc.ipV6(),
  fc.constantFrom('::', '::1', '2001:db8::', 'fe80::1', '::ffff:192.0.2.1', '64:ff9b::192.0.2.1'),
)
const address = fc.oneof(fc.ipV4(), v6)
const text = damagedText(address, ['.', ':', '::', '0', '00', '256', 'g', 'F', '/', '%', '%eth0', ' '])
const network = fc.oneof(
  fc.tuple(fc.ipV4(), fc.nat(32)).map(([base, bits]) => ({ base, bits, type: 'ipv4' as const })),
  fc.tuple(v6, fc.nat(128)).map(([base, bits]) => ({ base, bits, type: 'ipv6' as const })),
)

await runFuzz(
  'cidr',
  fc.property(text, address, network, (written, asked, { base, bits, type }) => {
    strictEqual(isAddress(written), isAddressSlowly(written))
    const compiled = compileNetworks([`${base}/${bits}`])
    if (compiled === undefined) return false
    const list = new BlockList()
    list.addSubnet(base, bits, type)
    // Nearby addresses, or hardly any would lie inside.
    for (const one of [asked, base]) {
      const family = isIP(one) === 4 ? 'ipv4' : 'ipv6'
      // BlockList never compares an IPv4 address with an IPv6 network; here mapped addresses are IPv4 addresses.
      if (family === 'ipv4' && type === 'ipv6') continue
      strictEqual(isInNetworks(compiled, one), list.check(one, family))
    }
    return true
  }),
)
