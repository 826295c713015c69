import { BlockList, isIP } from 'node:net'

/** Link-local networks and the addresses where clouds hand out a machine's credentials. */
const refused: readonly (readonly [address: string, bits: number, family: 'ipv4' | 'ipv6'])[] = [
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['fd20:ce::254', 128, 'ipv6'],
  // The same IPv4 networks as NAT64 and 6to4 spell them.
  ['64:ff9b::a9fe:0', 112, 'ipv6'],
  ['2002:a9fe::', 32, 'ipv6'],
]

const blocked = new BlockList()
for (const [address, bits, family] of refused) blocked.addSubnet(address, bits, family)

/** Whether an upstream may live at this resolved address (S14): never link-local, never a metadata service. */
export function isTargetAddress(address: string): boolean {
  const zone = address.indexOf('%')
  const plain = zone === -1 ? address : address.slice(0, zone)
  const family = isIP(plain)
  if (family === 0) return false
  // `check` sees through IPv4-mapped IPv6 addresses.
  return !blocked.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}
