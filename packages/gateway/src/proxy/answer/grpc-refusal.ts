import type { Exchange } from '../exchange.ts'
import type { WireError } from './reject-to-wire.ts'

/** gRPC's own table of what an HTTP status means to a client (grpc/doc/http-grpc-status-mapping.md). */
const grpcStatusOf: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
])
const unknown = 2

/** Whether a caller speaks gRPC: POST over HTTP/2 with its content type (not gRPC-Web, which is ordinary HTTP). */
export function isGrpcCall({ method, httpVersion, rawHeaders }: Exchange): boolean {
  if (method !== 'POST' || httpVersion !== '2.0') return false
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at] === 'content-type') return isGrpcType(rawHeaders[at + 1] ?? '')
  }
  return false
}

function isGrpcType(type: string): boolean {
  const name = 'application/grpc'
  if (!type.toLowerCase().startsWith(name)) return false
  const next = type.charAt(name.length)
  return next === '' || next === '+' || next === ';' || next === ' '
}

/**
 * The headers of a refusal as a gRPC client reads it (`Trailers-Only` of gRPC over HTTP/2): goes out with status 200
 * and no content. Keeps what `rawHeaders` says beside the content type: the challenge and the decision id.
 */
export function grpcRefusal(rawHeaders: readonly string[], { status, code }: WireError): string[] {
  const kept = rawHeaders.flatMap((name, at) =>
    at % 2 === 1 || name === 'content-type' ? [] : [name, rawHeaders[at + 1] ?? ''],
  )
  const grpcStatus = String(grpcStatusOf.get(status) ?? unknown)
  return ['content-type', 'application/grpc', 'grpc-status', grpcStatus, 'grpc-message', code, ...kept]
}
