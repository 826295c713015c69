import type { GatewayPlan } from '../../compile/plan.ts'
import { isAddress } from '../../domain/cidr.ts'
import { forwardedScheme, withoutPort } from './client-address.ts'
import { parseForwarded } from './parse-forwarded.ts'
import { readAuthority } from './read-authority.ts'
import type { ReadHeaders } from './read-headers.ts'

/** What is known of where a request came from beyond its connection. */
export interface BelievedOrigin {
  readonly scheme: 'http' | 'https' | undefined
  /** Addresses with commas between, the nearest last. */
  readonly forwardedFor: string | undefined
  readonly forwardedHost: string | undefined
  /** The `Forwarded` value these were read from. */
  readonly forwarded: string | undefined
}

/** Of a peer nobody vouched for nothing is believed. */
export const strangers: BelievedOrigin = {
  scheme: undefined,
  forwardedFor: undefined,
  forwardedHost: undefined,
  forwarded: undefined,
}

/**
 * What a trusted proxy says, in the one family of headers the configuration names. A `Forwarded` value that cannot be
 * read to its end says nothing. The scheme and the host are the nearest hop's own word.
 */
export function believed(gateway: GatewayPlan, read: ReadHeaders): BelievedOrigin {
  if (gateway.trustedProxyHeaders === 'x-forwarded') {
    const { forwardedFor, forwardedHost, forwardedProto } = read
    return { scheme: forwardedScheme(forwardedProto), forwardedFor, forwardedHost, forwarded: undefined }
  }
  const hops = read.forwarded === undefined ? undefined : parseForwarded(read.forwarded)
  const nearest = hops?.at(-1)
  if (hops === undefined || nearest === undefined) return strangers
  const { host } = nearest
  return {
    scheme: forwardedScheme(nearest.proto),
    forwardedFor: hops.map((hop) => entryOf(hop.for)).join(', '),
    forwardedHost: host !== undefined && readAuthority(host) !== undefined ? host : undefined,
    forwarded: read.forwarded,
  }
}

/** A node (RFC 7239 6) as an entry of a list with commas between: anything but an address is `unknown`. */
function entryOf(node: string | undefined): string {
  if (node === undefined) return 'unknown'
  const address = withoutPort(node)
  // A zone is anything at all, and no address of a caller has one.
  return isAddress(address) && !address.includes('%') ? address : 'unknown'
}
