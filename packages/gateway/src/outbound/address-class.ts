import { type AddressWords, isInNetwork, type Network, parseAddress, parseNetwork } from '../domain/cidr.ts'

/** What kind of place an address is, by the IANA special-purpose registries and the clouds' documentation. */
export type AddressClass =
  | 'public'
  | 'private'
  | 'loopback'
  | 'link-local'
  | 'metadata'
  | 'cgnat'
  | 'unspecified'
  | 'multicast'
  | 'reserved'

/**
 * An IPv6 range that carries an IPv4 address at this byte, which decides; `ifPublic` is the class when that one is public.
 */
interface Carrier {
  readonly at: number
  readonly inverted?: true
  readonly ifPublic: AddressClass
}

/** First match wins: single addresses before the networks around them. */
const rows: readonly (readonly [string, AddressClass | Carrier])[] = [
  // Instance metadata: AWS, GCP, Azure and most others; ECS, EKS; Tencent; Scaleway; Alibaba; Azure's wire server; Oracle.
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['169.254.170.23', 'metadata'],
  ['169.254.0.23', 'metadata'],
  ['169.254.42.42', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['fd00:ec2::/64', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['fd00:42::42', 'metadata'],
  ['fe80::a9fe:a9fe', 'metadata'],
  // RFC 6890 and its successors, IPv4
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'cgnat'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'private'],
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['0.0.0.0/0', 'public'],
  // IPv6. Translated (SIIT), compatible, NAT64 (RFC 6052), 6to4 and Teredo carry an IPv4 address; a mapped one is one.
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::ffff:0:0:0/96', { at: 12, ifPublic: 'public' }],
  ['::/96', { at: 12, ifPublic: 'reserved' }],
  ['64:ff9b::/96', { at: 12, ifPublic: 'public' }],
  ['64:ff9b:1::/48', 'private'],
  ['2002::/16', { at: 2, ifPublic: 'reserved' }],
  ['2001::/32', { at: 12, inverted: true, ifPublic: 'reserved' }],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'reserved'],
  ['3fff::/20', 'reserved'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  ['2000::/3', 'public'],
]

const table: readonly (readonly [Network, AddressClass | Carrier])[] = rows.map(([text, verdict]) => {
  const network = parseNetwork(text)
  if (network === undefined) throw new Error(`not a network: ${text}`)
  return [network, verdict]
})

/** The class of an address in text; undefined when the text is not one address in its plain form, without a zone. */
export function classifyAddress(text: string): AddressClass | undefined {
  const words = text.includes('%') ? undefined : parseAddress(text)
  return words === undefined ? undefined : classify(words)
}

function classify(words: AddressWords): AddressClass {
  for (const [network, verdict] of table) {
    if (!isInNetwork(network, words)) continue
    if (typeof verdict === 'string') return verdict
    const v4 = wordAt(words, verdict.at)
    const carried = classify([0, 0, 0xffff, verdict.inverted ? ~v4 : v4])
    return carried === 'public' ? verdict.ifPublic : carried
  }
  // IANA hands out global unicast from 2000::/3 alone.
  return 'reserved'
}

/** The four bytes from this one on. */
function wordAt(words: AddressWords, byte: number): number {
  const index = byte >> 2
  const shift = (byte & 3) * 8
  const first = words[index] ?? 0
  return shift === 0 ? first : (first << shift) | ((words[index + 1] ?? 0) >>> (32 - shift))
}
