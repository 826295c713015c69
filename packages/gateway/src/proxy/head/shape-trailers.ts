import { type HeaderNames, hasHeaderName, hashHeaderName, headerNames, startsFolded } from '../../domain/header-name.ts'
import { isFieldValue } from './header-value.ts'
import { headerClass } from './reserved-headers.ts'

/** Fields of one trailer section that are looked at; what is beyond is dropped, as any trailer may be (RFC 9110 6.5.1). */
export const trailersMax = 100

/**
 * Fields that must be known before the content: for routing, authentication, request modifiers, response control, or
 * to process the content (RFC 9110 6.5.1). What belongs to a connection, frames a message or is reserved has a class.
 */
const headOnly: HeaderNames = headerNames([
  'accept-ranges',
  'age',
  'alt-svc',
  'authentication-info',
  'authorization',
  'cache-control',
  'clear-site-data',
  'content-encoding',
  'content-range',
  'content-security-policy',
  'content-type',
  'cookie',
  'date',
  'dpop',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'origin',
  'pragma',
  'range',
  'referer',
  'retry-after',
  'set-cookie',
  'strict-transport-security',
  'vary',
  'via',
  'warning',
  'www-authenticate',
])

/**
 * The trailer fields that pass, in either direction: names that are no tokens, values no header may hold, and names
 * that mean something only before the content are dropped, each in any spelling (S12). So are CORS grants, which are
 * read from headers alone. `held`: names that only the gateway may say here.
 */
export function shapeTrailers(rawTrailers: readonly string[], held?: HeaderNames): string[] {
  const shaped: string[] = []
  const end = Math.min(rawTrailers.length, 2 * trailersMax)
  for (let at = 0; at + 1 < end; at += 2) {
    const name = rawTrailers[at] ?? ''
    const value = rawTrailers[at + 1] ?? ''
    const hash = hashHeaderName(name)
    if (hash < 0 || !isFieldValue(value) || headerClass(name, hash) !== undefined) continue
    if (hasHeaderName(headOnly, name, hash) || (held !== undefined && hasHeaderName(held, name, hash))) continue
    if (startsFolded(name, 'access-control-')) continue
    shaped.push(name, value)
  }
  return shaped
}
