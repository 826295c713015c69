import { createHash, timingSafeEqual } from 'node:crypto'
import type { AdminRefusal } from './problem.ts'

/** What the guard looks at of a request. */
export interface GuardedRequest {
  readonly target: string
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  /** The address of this machine that the connection came to. */
  readonly localAddress: string | undefined
}

/**
 * Whether a request comes from a program that meant this gateway, and not from a web page through somebody's browser
 * (S19). `Host` must be a loopback name, the very address connected to, or a configured name: a page whose name was
 * rebound to this address has its own name there. Undefined: let through.
 */
export function refusePage(request: GuardedRequest, hosts: readonly string[]): AdminRefusal | undefined {
  const [host, ...more] = valuesOf(request.rawHeaders, 'host')
  if (host === undefined || more.length > 0 || !request.target.startsWith('/')) return 'host_unknown'
  const name = nameOf(host)
  if (!isLoopback(name) && name !== plainAddress(request.localAddress) && !hosts.includes(name)) return 'host_unknown'

  const origins = valuesOf(request.rawHeaders, 'origin')
  if (origins.some((origin) => origin.toLowerCase() !== `http://${host.toLowerCase()}`)) return 'origin_unknown'
  const sites = valuesOf(request.rawHeaders, 'sec-fetch-site')
  if (sites.some((site) => site !== 'same-origin' && site !== 'none')) return 'origin_unknown'
  return undefined
}

/** Whether a request carries the admin token, compared by digest so that time tells nothing. Undefined: it does. */
export function refuseStranger(rawHeaders: readonly string[], adminToken: string): AdminRefusal | undefined {
  const [authorization, ...more] = valuesOf(rawHeaders, 'authorization')
  if (authorization === undefined) return 'admin_token_missing'
  const token = authorization.slice('Bearer '.length)
  const isBearer = authorization.slice(0, 'Bearer '.length).toLowerCase() === 'bearer '
  return more.length === 0 && isBearer && timingSafeEqual(digest(token), digest(adminToken))
    ? undefined
    : 'admin_token_wrong'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** All values of a field: `request.headers` would keep the first of two `Host` without a word. */
function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.flatMap((field, index) => {
    const value = rawHeaders[index + 1]
    return index % 2 === 0 && field.toLowerCase() === name && value !== undefined ? [value] : []
  })
}

/** The host of `host:port` or `[address]:port`, lower case and without a final dot. */
function nameOf(host: string): string {
  const lower = host.toLowerCase()
  if (lower.startsWith('[')) return lower.slice(1, lower.indexOf(']'))
  const colon = lower.indexOf(':')
  const name = colon === -1 ? lower : lower.slice(0, colon)
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

function plainAddress(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
}
