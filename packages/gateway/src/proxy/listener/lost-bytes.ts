import type { IncomingMessage } from 'node:http'

/** `GET / HTTP/1.1` without method and target, and the empty line. */
const lineBytes = ' '.length + ' HTTP/1.1\r\n'.length + '\r\n'.length

/**
 * Whether bytes that followed this request may be lost. Node's parser stops behind a bodiless request that asks for an
 * upgrade, and when nobody takes the upgrade up it goes on with the next read: what followed in this one is gone, and
 * what comes next may begin in the middle of a message. `received` bytes came since the request before was over; when
 * they are this request's alone, nothing is lost.
 */
export function mayHaveLostBytes(request: IncomingMessage, received: number): boolean {
  const { headers, rawHeaders } = request
  if (headers.upgrade === undefined) return false
  let bytes = lineBytes + (request.method?.length ?? 0) + (request.url?.length ?? 0)
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    bytes += (rawHeaders[at]?.length ?? 0) + (rawHeaders[at + 1]?.length ?? 0) + ': \r\n'.length
  return received !== bytes
}
