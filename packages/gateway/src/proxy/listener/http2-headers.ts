import type { OutgoingHttpHeaders } from 'node:http2'

/** RFC 9113 8.2.2; Node throws when it is given one. */
const connectionSpecific: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])
/** Fields whose lines must stay apart: their values hold commas. */
const severalLines: ReadonlySet<string> = new Set(['set-cookie', 'www-authenticate', 'proxy-authenticate'])

/**
 * A checked header list as Node's HTTP/2 wants it. Lines of one name become one value (RFC 9110 5.3), because Node
 * throws at two lines of a field that should have one and an upstream may send them. `status` undefined: trailers.
 */
export function http2Headers(status: number | undefined, rawHeaders: readonly string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null)
  if (status !== undefined) headers[':status'] = status
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    if (connectionSpecific.has(name)) continue
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (severalLines.has(name))
      headers[name] = Array.isArray(before) ? [...before, value] : [String(before), value]
    else headers[name] = `${before}, ${value}`
  }
  return headers
}
