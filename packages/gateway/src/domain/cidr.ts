/** An address as four 32-bit words; IPv4 as IPv4-mapped IPv6 (RFC 4291 2.5.5.2), so that one comparison serves both. */
export type AddressWords = readonly [number, number, number, number]

/** Addresses that share their first bits (RFC 4632, RFC 4291 2.3). */
export interface Network {
  readonly words: AddressWords
  readonly bits: number
}

/** Networks ready to be asked; made by `compileNetworks`. */
export type Networks = readonly Network[]

/**
 * Compiles addresses and networks in CIDR form. An IPv4 network does not cover IPv6 except mapped addresses.
 * Undefined when one cannot be read: a network we misread must not be trusted.
 */
export function compileNetworks(texts: readonly string[]): Networks | undefined {
  const networks: Network[] = []
  for (const text of texts) {
    const network = parseNetwork(text)
    if (network === undefined) return undefined
    networks.push(network)
  }
  return networks
}

/** Reads `address/bits`; a bare address is the network of itself alone. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const words = parseAddress(address)
  const own = address.includes(':') ? 128 : 32
  const length = slash === -1 ? own : readDecimal(text, slash + 1, text.length, own)
  return words === undefined || length < 0 ? undefined : { words, bits: length + 128 - own }
}

/** Whether an address lies in one of the networks; false for what is no address. */
export function isInNetworks(networks: Networks, address: string): boolean {
  if (networks.length === 0) return false
  const words = parseAddress(address)
  return words !== undefined && networks.some((network) => isInNetwork(network, words))
}

/** Whether the text is an IPv4 or IPv6 address (RFC 4291 2.2) in a spelling without freedom: no octal, no short form. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined
}

/** Whether an address lies in a network. */
export function isInNetwork({ words, bits }: Network, address: AddressWords): boolean {
  let left = bits
  for (let at = 0; at < 4 && left > 0; at++, left -= 32) {
    const mask = left >= 32 ? -1 : -1 << (32 - left)
    if ((((words[at] ?? 0) ^ (address[at] ?? 0)) & mask) !== 0) return false
  }
  return true
}

/** Reads an address as `isAddress` knows it. A zone (`%eth0`, RFC 4007) is dropped: it says which link, not who. */
export function parseAddress(text: string): AddressWords | undefined {
  if (text.length > 64) return undefined
  if (!text.includes(':')) {
    const v4 = parseV4(text)
    return v4 === undefined ? undefined : [0, 0, 0xffff, v4]
  }
  const zone = text.indexOf('%')
  return parseV6(zone === -1 ? text : text.slice(0, zone))
}

function parseV4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    const byte = readDecimal(part, 0, part.length, 255)
    if (byte < 0) return undefined
    value = (value << 8) | byte
  }
  return value
}

function parseV6(text: string): AddressWords | undefined {
  const gap = text.indexOf('::')
  const head = readGroups(gap === -1 ? text : text.slice(0, gap), gap === -1)
  const tail = gap === -1 ? [] : readGroups(text.slice(gap + 2), true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (gap === -1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const word = (at: number): number => ((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0)
  return [word(0), word(2), word(4), word(6)]
}

/** 16-bit groups between colons; `last`: the final one may be an IPv4 address. */
function readGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [at, part] of parts.entries()) {
    if (last && at === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part)
      if (v4 === undefined) return undefined
      groups.push(v4 >>> 16, v4 & 0xffff)
    } else {
      const group = readHexGroup(part)
      if (group < 0) return undefined
      groups.push(group)
    }
  }
  return groups
}

function readHexGroup(text: string): number {
  if (text.length === 0 || text.length > 4) return -1
  let value = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const letter = code | 0x20
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

/** A decimal number up to `most` without leading zeros, or -1. */
function readDecimal(text: string, start: number, end: number, most: number): number {
  if (end - start < 1 || end - start > 3 || (end - start > 1 && text.charCodeAt(start) === 0x30)) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value > most ? -1 : value
}
