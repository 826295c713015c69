import { Http1Parser } from '../../src/proxy/listener/http1-parser.ts'

/** One request as a reader saw it. */
export interface SeenRequest {
  method: string
  target: string
  version: string
  headers: readonly string[]
  body: string
  trailers: readonly string[]
  /** Its end was seen. */
  isWhole: boolean
}

/** The requests our parser finds in bytes that come in pieces of 1 to `pieceMax` bytes, and its fault, if any. */
export function readOwn(
  bytes: Buffer,
  nextPiece: () => number,
): { requests: SeenRequest[]; fault: string | undefined } {
  const parser = new Http1Parser()
  const requests: SeenRequest[] = []
  let piece: Buffer = Buffer.alloc(0)
  let at = 0
  let from = 0
  while (parser.fault === undefined) {
    if (from === piece.length) {
      if (at === bytes.length) break
      piece = bytes.subarray(at, at + nextPiece())
      at += piece.length
      from = 0
    }
    const last = requests.at(-1)
    if (parser.isInBody && last !== undefined) {
      from = parser.readBody(piece, from)
      for (let i = 0; i < parser.ranges.length; i += 2) {
        last.body += piece.toString('latin1', parser.ranges[i], parser.ranges[i + 1])
      }
      if (parser.fault === undefined && !parser.isInBody) {
        last.trailers = parser.trailers
        last.isWhole = true
      }
      if (parser.trailersClose) break
      continue
    }
    from = parser.readHead(piece, from)
    const { head } = parser
    if (head === undefined) continue
    const { method, target, httpVersion: version, rawHeaders: headers } = head
    if (head.isUnframed) break
    requests.push({ method, target, version, headers, body: '', trailers: [], isWhole: !parser.isInBody })
    if (head.isLast || head.asksUpgrade || method === 'CONNECT') break
  }
  return { requests, fault: parser.fault }
}
