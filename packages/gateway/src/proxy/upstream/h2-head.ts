import { type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2'
import type { ResponseFault } from './response-fault.ts'
import { headersMax, type ResponseHead } from './response-head.ts'

/** Never kept in a compression table, where others could guess at them (RFC 7541 7.1.3). */
const sensitive: string[] = ['authorization', 'cookie', 'dpop']

/**
 * The fields of an HTTP/2 request (RFC 9113 8.3.1) for a checked HTTP/1.1 head: what the one header writer let through,
 * and nothing beside it but `te: trailers`, which is ours to say: trailers pass. Lines of one name become one value.
 */
export function toH2Request(head: string, scheme: 'http' | 'https'): OutgoingHttpHeaders {
  const lineEnd = head.indexOf('\r\n')
  const methodEnd = head.indexOf(' ')
  const headers: OutgoingHttpHeaders = Object.create(null)
  headers[':method'] = head.slice(0, methodEnd)
  headers[':scheme'] = scheme
  headers[':path'] = head.slice(methodEnd + 1, head.lastIndexOf(' ', lineEnd))
  addLines(head, lineEnd + 2, headers)
  headers.te = 'trailers'
  return Object.assign(headers, { [sensitiveHeaders]: sensitive })
}

/** Trailer fields for checked lines. */
export function toH2Trailers(lines: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null)
  addLines(lines, 0, headers)
  return headers
}

function addLines(lines: string, from: number, headers: OutgoingHttpHeaders): void {
  for (let at = from; at < lines.length; ) {
    const end = lines.indexOf('\r\n', at)
    const colon = lines.indexOf(': ', at)
    // The empty line.
    if (end === at) return
    const name = lines.slice(at, colon).toLowerCase()
    const value = lines.slice(colon + 2, end)
    at = end + 2
    // RFC 9113 8.2.2: HTTP/2 frames by itself.
    if (name === 'transfer-encoding') continue
    const key = name === 'host' ? ':authority' : name
    const before = headers[key]
    headers[key] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
}

/** What an answer's fields say, or what is wrong with them. `rawHeaders`: as received, pseudo-fields first. */
export function readH2Response(rawHeaders: readonly string[]): ResponseHead | ResponseFault {
  if (rawHeaders.length > 2 * headersMax) return 'too_many_headers'
  const fields: string[] = []
  let status = 0
  let contentLength: number | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (name === ':status') status = Number(value)
    if (name.startsWith(':')) continue
    if (name === 'content-length') {
      if (contentLength !== undefined || !/^\d{1,15}$/.test(value)) return 'content_length'
      contentLength = Number(value)
    }
    fields.push(name, value)
  }
  // RFC 9113 8.6: there is no 101.
  if (!Number.isInteger(status) || status < 200 || status > 599) return 'status'
  return {
    status,
    minorVersion: 1,
    rawHeaders: fields,
    contentLength,
    chunked: false,
    persistent: true,
    keepAliveSeconds: undefined,
  }
}
