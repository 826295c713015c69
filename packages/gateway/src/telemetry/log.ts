import { escapeForTerminal, jsonText } from './escape-text.ts'
import { createLogClock, type LogClock } from './log-clock.ts'

/** Longest line in bytes: what a pipe takes in one piece (PIPE_BUF), so that lines of several processes never mix. */
export const logLineBytesMax = 4096

export type LogLevel = 'info' | 'warn' | 'error'

/** What a field may hold; `null` and `undefined` leave it out. No objects, so nothing is logged by accident. */
export type LogValue = string | number | boolean | null | undefined

/** Parts of names whose text would be a credential. Numbers and booleans under such a name are harmless: `keys: 3`. */
type SecretWord =
  | 'token'
  | 'Token'
  | 'secret'
  | 'Secret'
  | 'authorization'
  | 'Authorization'
  | 'cookie'
  | 'Cookie'
  | 'key'
  | 'Key'
  | 'password'
  | 'Password'
  | 'credential'
  | 'Credential'
  | 'jwt'
  | 'Jwt'

type OwnName = 'time' | 'level' | 'process' | 'event'

/** Named values of one line. A text under a name like `accessToken` does not compile. */
export type LogFields = { readonly [name: string]: LogValue } & {
  readonly [name: `${string}${SecretWord}${string}`]: Exclude<LogValue, string>
} & { readonly [N in OwnName]?: never }

/** The operational log of one process: what happened to the gateway, never to one request. */
export interface Log {
  /** `event`: what happened, in snake_case: `config_reloaded`. */
  readonly info: (event: string, fields?: LogFields) => void
  readonly warn: (event: string, fields?: LogFields) => void
  readonly error: (event: string, fields?: LogFields) => void
}

export interface LogOptions {
  readonly format: 'json' | 'pretty'
  /** Takes one whole line with its line break. */
  readonly write: (text: string) => void
  readonly nowMs: () => number
  /** Who writes: `supervisor`, `control`, `worker 3`. */
  readonly process: string
  /** Colour in pretty lines; only for a terminal. */
  readonly colour: boolean
}

const secretName = /token|secret|authorization|cookie|key|password|credential|jwt/i
const ownNames: ReadonlySet<string> = new Set(['time', 'level', 'process', 'event'])

/**
 * Makes the operational log. Secrets stay out by construction: values are plain scalars, and a text under a name
 * that promises a credential is replaced, should it slip past the types.
 */
export function createLog(options: LogOptions): Log {
  const clock = createLogClock()
  const line = options.format === 'json' ? jsonLine : prettyLine
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void =>
      options.write(line(level, event, safeFields(fields), clock, options))
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

type SafeField = readonly [name: string, value: string | number | boolean]

function safeFields(fields: LogFields): readonly SafeField[] {
  return Object.entries<LogValue>(fields).flatMap(([name, value]): readonly SafeField[] => {
    if (value === undefined || value === null || ownNames.has(name)) return []
    if (typeof value === 'string') return [[name, secretName.test(name) ? '[redacted]' : value]]
    return typeof value === 'number' || typeof value === 'boolean' ? [[name, value]] : [[name, '[redacted]']]
  })
}

function jsonLine(
  level: LogLevel,
  event: string,
  fields: readonly SafeField[],
  clock: LogClock,
  { process, nowMs }: LogOptions,
): string {
  const start = `{"time":"${clock.iso(nowMs())}","level":"${level}","process":${jsonText(process)},"event":${jsonText(event)}`
  const parts = fields.map(([name, value]) => `,${jsonText(name)}:${jsonScalar(value)}`)
  return fit(start, parts, ',"truncated":true', '}\n')
}

function jsonScalar(value: string | number | boolean): string {
  if (typeof value === 'string') return jsonText(value)
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value)
}

const colours: Readonly<Record<LogLevel, string>> = { info: '32', warn: '33', error: '31' }

function prettyLine(
  level: LogLevel,
  event: string,
  fields: readonly SafeField[],
  clock: LogClock,
  { process, nowMs, colour }: LogOptions,
): string {
  const shownLevel = colour ? `\u001b[${colours[level]}m${level.padEnd(5)}\u001b[0m` : level.padEnd(5)
  const start = `${clock.clock(nowMs())} ${shownLevel} ${escapeForTerminal(process).padEnd(10)} ${escapeForTerminal(event)}`
  const parts = fields.map(([name, value]) => ` ${escapeForTerminal(name)}=${prettyScalar(value)}`)
  return fit(start, parts, ' …', '\n')
}

/** Quotes where the eye could not tell where a text ends. */
function prettyScalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  const text = escapeForTerminal(value)
  return text === '' || text.includes(' ') ? `"${text}"` : text
}

/** Leaves out the fields that would make the line longer than a pipe takes in one piece, and says so. */
function fit(start: string, parts: readonly string[], truncated: string, end: string): string {
  let line = start
  let room = logLineBytesMax - Buffer.byteLength(start) - Buffer.byteLength(truncated) - Buffer.byteLength(end)
  for (const part of parts) {
    room -= Buffer.byteLength(part)
    if (room < 0) return line + truncated + end
    line += part
  }
  return line + end
}
