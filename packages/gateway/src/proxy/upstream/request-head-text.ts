import { headerLines } from '../head/header-lines.ts'
import { shapeTrailers } from '../head/shape-trailers.ts'
import type { UpstreamHead } from '../steps/shape-upstream.ts'

/** What frames a request's body: nothing, so many bytes, or chunks. */
export type RequestFraming = number | 'chunked' | undefined

/** RFC 9110 8.6: methods that expect content say so when there is none. */
const expectsContent = new Set(['POST', 'PUT', 'PATCH'])

/** The head of a request as HTTP/1.1 has it. `authority` stands where the API forwards no host of its own. */
export function requestHeadText(
  { method, target, authority, headers }: UpstreamHead,
  targetAuthority: string,
  framing: RequestFraming,
  asksUpgrade: boolean,
): string {
  let lines = ''
  if (framing === 'chunked') lines = 'Transfer-Encoding: chunked\r\n'
  else if (framing !== undefined) lines = `Content-Length: ${framing}\r\n`
  else if (expectsContent.has(method)) lines = 'Content-Length: 0\r\n'
  else if (asksUpgrade) lines = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  return `${method} ${target} HTTP/1.1\r\nHost: ${authority ?? targetAuthority}\r\n${headers}${lines}\r\n`
}

/** A request's trailers as lines; those that may not pass are left out (S12). */
export function requestTrailerLines(trailers: readonly string[], head: UpstreamHead): string {
  return headerLines(shapeTrailers(trailers, head.heldFromTrailers))
}
