import type { EndCause } from '../domain/end-cause.ts'
import type { Outcome } from '../domain/reasons.ts'
import type { Reason } from '../domain/reject.ts'
import { escapeForTerminal, jsonText } from './escape-text.ts'
import { createLineParts, type LineParts } from './line-parts.ts'
import { createLogClock, type LogClock, padThree } from './log-clock.ts'

/**
 * One request as the access log shows it: flat, so that one object may be filled again for each request. Undefined
 * members are left out of the line.
 */
export interface AccessEntry {
  /** When the request's head arrived, in milliseconds since the epoch. */
  atMs: number
  decisionId: string
  outcome: Outcome
  /** Undefined when forwarded. */
  reason: Reason | undefined
  /** Status the caller got; 499 when nobody was left to get one. */
  status: number
  method: string
  /** The normalised path, never the query; undefined when there is none (`bad_path`). */
  path: string | undefined
  /** Id of the API. */
  api: string | undefined
  /** Rule of the route that decided, when one did: `apis.orders.routes[0]`. */
  route: string | undefined
  /** `subjectHash` of the caller; never the subject itself. */
  subject: string | undefined
  /** Id of the issuer entry; undefined before a token was trusted. */
  issuer: string | undefined
  /** Id of the application that was found calling. */
  application: string | undefined
  /** Remote address of the connection. */
  peer: string
  /** Address of the caller when a trusted proxy names it; the same as `peer` otherwise. */
  client: string
  /** Bytes of the caller's body that were read. */
  bytesIn: number
  /** Bytes of the answer's body that were sent. */
  bytesOut: number
  /** From the head's arrival to the answer's end. */
  durationMs: number
  /** From forwarding to the head of the upstream's answer; negative: not forwarded. */
  upstreamMs: number
  /** Authority of the target that got the request. */
  target: string | undefined
  /** Who or what ended a tunnel, or cut a long answer short. */
  ended: EndCause | undefined
}

/** One line for each request. */
export interface AccessLog {
  /** Reads the entry before it returns and keeps nothing of it. */
  readonly record: (entry: AccessEntry) => void
}

export interface AccessLogOptions {
  readonly writer: { readonly write: (line: string) => unknown }
  readonly format: 'json' | 'pretty'
  /** Colour in pretty lines; only for a terminal. */
  readonly colour: boolean
}

/** An access log that builds each line by concatenation (hot-path rule 7). */
export function createAccessLog({ writer, format, colour }: AccessLogOptions): AccessLog {
  const clock = createLogClock()
  if (format === 'pretty') return { record: (entry) => void writer.write(prettyLine(entry, clock, colour)) }
  const parts = createLineParts()
  return { record: (entry) => void writer.write(jsonLine(entry, clock, parts)) }
}

/** `decisionId` and `subject` are our own letters and digits: they need no escaping. */
function jsonLine(entry: AccessEntry, clock: LogClock, parts: LineParts): string {
  const { path, route, subject, client, peer, target, upstreamMs } = entry
  let line = `{"time":"${clock.iso(entry.atMs)}","decision":"${entry.decisionId}${parts.verdict(entry)}`
  if (path !== undefined) line += `,"path":${jsonText(path)}`
  line += parts.place(entry.api, entry.issuer)
  if (entry.application !== undefined) line += parts.field('application', entry.application)
  if (route !== undefined) line += parts.field('route', route)
  if (subject !== undefined) line += `,"subject":"${subject}"`
  line += `,"peer":${jsonText(peer)}`
  if (client !== peer) line += `,"client":${jsonText(client)}`
  line += `,"bytesIn":${entry.bytesIn},"bytesOut":${entry.bytesOut},"durationMs":${milliseconds(entry.durationMs)}`
  if (upstreamMs >= 0) line += `,"upstreamMs":${milliseconds(upstreamMs)}`
  if (target !== undefined) line += parts.field('target', target)
  if (entry.ended !== undefined) line += `,"ended":"${entry.ended}"`
  return `${line}}\n`
}

/** Milliseconds with three decimals; made of whole numbers, because printing a fraction costs ten times as much. */
function milliseconds(ms: number): string {
  const us = Math.round(Math.max(0, ms) * 1000)
  const whole = Math.floor(us / 1000)
  return `${whole}.${padThree(us - whole * 1000)}`
}

function prettyLine(entry: AccessEntry, clock: LogClock, colour: boolean): string {
  const status = colour ? `\u001b[${statusColour(entry.status)}m${entry.status}\u001b[0m` : String(entry.status)
  const request = `${escapeForTerminal(entry.method)} ${escapeForTerminal(entry.path ?? '-')}`
  const reason = entry.reason ?? (entry.target === undefined ? entry.outcome : `-> ${escapeForTerminal(entry.target)}`)
  const words = [
    `${clock.clock(entry.atMs)} ${status} ${request.padEnd(24)}`,
    reason.padEnd(16),
    escapeForTerminal(entry.api ?? '-').padEnd(8),
    `${entry.durationMs.toFixed(1)}ms`,
  ]
  if (entry.ended !== undefined) words.push(`ended: ${entry.ended}`)
  if (entry.reason !== undefined) words.push(`explain: jotgate explain ${entry.decisionId}`)
  return `${words.join('  ')}\n`
}

function statusColour(status: number): string {
  if (status < 400) return '32'
  return status < 500 ? '33' : '31'
}
