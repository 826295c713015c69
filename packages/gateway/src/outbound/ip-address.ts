import { isIPv4, isIPv6 } from 'node:net'

/** The bytes of an IP address: 4 or 16 of them. */
export type AddressBytes = readonly number[]

/** A network in CIDR form (RFC 4632, RFC 4291 2.3). */
export interface Network {
  readonly bytes: AddressBytes
  readonly prefixBits: number
}

/**
 * Reads dotted-quad IPv4 or RFC 4291 2.2 IPv6 text. Other spellings of IPv4 (decimal, octal, hexadecimal, fewer than four
 * parts), zone ids and brackets are not addresses.
 */
export function parseAddress(text: string): AddressBytes | undefined {
  if (isIPv4(text)) return text.split('.').map(Number)
  return isIPv6(text) && !text.includes('%') ? expand(text) : undefined
}

function expand(text: string): AddressBytes {
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  if (tail === undefined) return left
  const right = groupsOf(tail)
  return [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right]
}

function groupsOf(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** Reads `address/bits`; a bare address is the network of itself alone. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (bytes === undefined) return undefined
  const bitsText = slash < 0 ? String(bytes.length * 8) : text.slice(slash + 1)
  const prefixBits = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : Number.NaN
  return prefixBits <= bytes.length * 8 ? { bytes, prefixBits } : undefined
}

/** Whether an address lies in a network of its own family. */
export function isInNetwork(address: AddressBytes, network: Network): boolean {
  if (address.length !== network.bytes.length) return false
  return address.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, network.prefixBits - index * 8))
    const mask = (0xff << (8 - bits)) & 0xff
    return (byte & mask) === ((network.bytes[index] ?? 0) & mask)
  })
}
