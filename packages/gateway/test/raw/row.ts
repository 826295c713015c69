import type { Reason } from '../../src/domain/reject.ts'

/** Stands in headers, queries and bodies of what is refused; nothing of it may be logged. */
export const canary = 'CANARY7f3a91'

/** What the caller is told for each reason: status and public code. */
export const told = {
  bad_path: [400, 'request_invalid'],
  bad_header: [400, 'request_invalid'],
  bad_framing: [400, 'request_invalid'],
  headers_too_large: [431, 'headers_too_large'],
  api_unknown: [404, 'api_unknown'],
  method_not_allowed: [405, 'method_not_allowed'],
  token_missing: [401, 'token_missing'],
  token_ambiguous: [400, 'token_ambiguous'],
  upstream_refused: [502, 'upstream_unavailable'],
} as const satisfies Partial<Record<Reason, readonly [number, string]>>

/** A reason the rows expect. */
export type ToldReason = keyof typeof told

/** Bytes of a caller and everything that may come of them. */
export interface Row {
  readonly what: string
  readonly bytes: string
  /** For each answer on the wire, in order: the reason of a refusal, or the status of what was forwarded. */
  readonly answers: readonly (ToldReason | number)[]
  /** Request line, and body if any, of everything that reaches the upstream. */
  readonly reaches: readonly string[]
  readonly after: 'kept' | 'closed'
  readonly toHead: boolean
}

/** One request, answered by the gateway itself. */
export function refused(
  what: string,
  bytes: string,
  reason: ToldReason,
  after: Row['after'] = 'kept',
  toHead = false,
): Row {
  return { what, bytes, answers: [reason], reaches: [], after, toHead }
}

/** One request that reaches the upstream. */
export function passed(
  what: string,
  bytes: string,
  reaches: string,
  after: Row['after'] = 'kept',
  toHead = false,
): Row {
  return { what, bytes, answers: [200], reaches: [reaches], after, toHead }
}

/** More than one answer, or more than one request at the upstream. */
export function several(
  what: string,
  bytes: string,
  answers: Row['answers'],
  reaches: Row['reaches'],
  after: Row['after'],
): Row {
  return { what, bytes, answers, reaches, after, toHead: false }
}

/** A request of HTTP/1.1 with `Host`, the canary and further header lines. */
export function ask(line: string, headers = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: api.test\r\nX-Canary: ${canary}\r\n${headers}\r\n${body}`
}

export const get = (target: string, headers = ''): string => ask(`GET ${target}`, headers)
export const post = (headers: string, body: string, target = '/open/x'): string => ask(`POST ${target}`, headers, body)
export const times = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('')
export const smuggled = `GET /open/smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n`
export const x = 'GET /open/x HTTP/1.1'
export const posted = 'POST /open/x HTTP/1.1'

/** An honest request that stands behind another on its connection. */
export const behind: string = get('/open/behind')
const behindLine = 'GET /open/behind HTTP/1.1'

/** A way to build a request around one value. */
export type Shape = readonly [label: string, bytes: (value: string) => string]

/** Each value in each shape is refused and ends its connection; a request stands behind it and is never served. */
export function eachEnds(
  values: readonly string[],
  shapes: readonly Shape[],
  reason: ToldReason = 'bad_framing',
): readonly Row[] {
  return combine(values, shapes, (what, bytes) => refused(what, bytes + smuggled, reason, 'closed'))
}

/** Each value in each shape is refused, and only that: the request behind it is served. */
export function eachRefused(values: readonly string[], shapes: readonly Shape[], reason: ToldReason): readonly Row[] {
  return combine(values, shapes, (what, bytes) => several(what, bytes + behind, [reason, 200], [behindLine], 'kept'))
}

/** Each value in each shape reaches the upstream as the one request `reaches`, and the request behind it as another. */
export function eachPasses(values: readonly string[], shapes: readonly Shape[], reaches: string): readonly Row[] {
  return combine(values, shapes, (what, bytes) =>
    several(what, bytes + behind, [200, 200], [reaches, behindLine], 'kept'),
  )
}

function combine(
  values: readonly string[],
  shapes: readonly Shape[],
  make: (what: string, bytes: string) => Row,
): readonly Row[] {
  return shapes.flatMap(([label, bytes]) => values.map((value) => make(`${label}: ${shown(value)}`, bytes(value))))
}

function shown(value: string): string {
  const text = JSON.stringify(value).replaceAll(/[^ -~]/g, (one) => `\\x${one.charCodeAt(0).toString(16)}`)
  return text.length > 60 ? `${text.slice(0, 50)}... (${value.length})` : text
}

/** One byte a code, as latin1 has it. */
export function bytesOf(...codes: readonly number[]): readonly string[] {
  return codes.map((code) => String.fromCharCode(code))
}

/** All numbers from the first to the last. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
