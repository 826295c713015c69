import type { GatewayPlan } from '../../compile/plan.ts'
import { compileNetworks, isAddress, isInNetworks, type Networks } from '../../domain/cidr.ts'

/** Most proxies in a row that are believed. */
const hopsMax = 32

const networksOf: WeakMap<GatewayPlan, Networks> = new WeakMap()

/** Whether this peer's forwarding headers are believed. Networks are compiled once for each plan. */
export function isTrustedProxy(gateway: GatewayPlan, peer: string): boolean {
  return gateway.trustedProxies.length > 0 && isInNetworks(networks(gateway), peer)
}

/** The remote address as text, an IPv4-mapped IPv6 address (a dual-stack socket's) as IPv4. */
export function plainAddress(peer: string): string {
  if (!peer.startsWith('::ffff:')) return peer
  // Not `::ffff:0:192.0.2.1`, and not a zone with dots in it.
  const rest = peer.slice(7)
  return !rest.includes(':') && isAddress(rest) ? rest : peer
}

/**
 * Who called, from a trusted peer's `X-Forwarded-For`: read from the right, past trusted proxies, to the first address
 * that is not one. What is left of that, or of an entry that is no address, is the caller's own word and not read.
 */
export function clientAddress(gateway: GatewayPlan, peer: string, forwardedFor: string | undefined): string {
  let client = peer
  let end = forwardedFor?.length ?? 0
  for (let hop = 0; forwardedFor !== undefined && hop < hopsMax && end > 0; hop++) {
    const comma = forwardedFor.lastIndexOf(',', end - 1)
    const address = withoutPort(forwardedFor.slice(comma + 1, end).trim())
    if (!isAddress(address)) return client
    client = plainAddress(address)
    if (comma === -1 || !isInNetworks(networks(gateway), client)) return client
    end = comma
  }
  return client
}

/** The last entry of a trusted peer's `X-Forwarded-Proto`, its own word; undefined when it is no scheme. */
export function forwardedScheme(value: string | undefined): 'http' | 'https' | undefined {
  if (value === undefined) return undefined
  const last = value
    .slice(value.lastIndexOf(',') + 1)
    .trim()
    .toLowerCase()
  return last === 'http' || last === 'https' ? last : undefined
}

/** `[::1]:80`, `[::1]` and `192.0.2.1:80` as some proxies write them. */
export function withoutPort(entry: string): string {
  if (entry.startsWith('[')) return entry.slice(1, Math.max(1, entry.indexOf(']')))
  const colon = entry.indexOf(':')
  return colon !== -1 && colon === entry.lastIndexOf(':') ? entry.slice(0, colon) : entry
}

function networks(gateway: GatewayPlan): Networks {
  let compiled = networksOf.get(gateway)
  if (compiled === undefined) {
    compiled = compileNetworks(gateway.trustedProxies)
    if (compiled === undefined) throw new Error('gateway.trustedProxies holds what is no network')
    networksOf.set(gateway, compiled)
  }
  return compiled
}
