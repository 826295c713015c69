import { hasHeaderName, hashHeaderName, isPlainSpelling, isSpellingOf } from '../../domain/header-name.ts'
import type { HeaderFault, Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { connectionOptions } from './connection-options.ts'
import { isFieldValue } from './header-value.ts'
import { headerClass } from './reserved-headers.ts'

/** Most headers of a request; Node drops what is beyond its own bound without a word (security rule S12). */
export const headersMax = 100

/** Headers that steps look at, in named places; what passes on, as a flat list. */
export interface ReadHeaders {
  host: string | undefined
  authorization: string | undefined
  cookie: string | undefined
  origin: string | undefined
  secFetchSite: string | undefined
  contentType: string | undefined
  contentLength: string | undefined
  transferEncoding: string | undefined
  dpop: string | undefined
  upgrade: string | undefined
  connection: string | undefined
  forwardedFor: string | undefined
  forwardedHost: string | undefined
  forwardedProto: string | undefined
  forwarded: string | undefined
  via: string | undefined
  headers: string[]
  hashes: number[]
  /** Override and look-alike headers: they pass where an API allows them by name. */
  setAside: string[]
}

type Slot = Exclude<keyof ReadHeaders, 'headers' | 'hashes' | 'setAside'>

/** What two lines of one name mean: a second is refused, the values are one list, or framing is in doubt. */
type Repeat = 'refuse' | 'join' | 'framing'

const slots: readonly (readonly [name: string, Slot, Repeat])[] = [
  ['host', 'host', 'refuse'],
  ['authorization', 'authorization', 'refuse'],
  ['cookie', 'cookie', 'join'],
  ['origin', 'origin', 'refuse'],
  ['sec-fetch-site', 'secFetchSite', 'refuse'],
  ['content-type', 'contentType', 'refuse'],
  ['content-length', 'contentLength', 'framing'],
  ['transfer-encoding', 'transferEncoding', 'framing'],
  ['dpop', 'dpop', 'refuse'],
  ['upgrade', 'upgrade', 'join'],
  ['connection', 'connection', 'join'],
  ['x-forwarded-for', 'forwardedFor', 'join'],
  ['x-forwarded-host', 'forwardedHost', 'join'],
  ['x-forwarded-proto', 'forwardedProto', 'join'],
  ['forwarded', 'forwarded', 'join'],
  ['via', 'via', 'join'],
]

const slotOf: ReadonlyMap<number, (typeof slots)[number]> = new Map(
  slots.map((slot) => [hashHeaderName(slot[0]), slot] as const),
)

/**
 * Reads the raw header list in one pass: every name must be a token, every value hold field characters only (RFC 9110
 * 5.1, 5.5); what belongs to the connection, frames the message or is reserved is left out of `headers` here and
 * nowhere else, in any spelling, before `Connection` has a say.
 */
export function readHeaders(rawHeaders: readonly string[]): Result<ReadHeaders, Reject> {
  if (rawHeaders.length > 2 * headersMax) return err({ reason: 'headers_too_large' })
  const read = noHeaders()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const hash = hashHeaderName(name)
    if (hash < 0) return refuse('', 'invalid')
    const slot = slotOf.get(hash)
    const named = slot !== undefined && isSpellingOf(name, slot[0]) && isPlainSpelling(name, slot[0])
    if (!isFieldValue(value)) return refuse(named ? slot[0] : '', 'invalid')
    if (named) {
      const before = read[slot[1]]
      if (before === undefined) read[slot[1]] = value
      else if (slot[2] === 'refuse') return refuse(slot[0], 'duplicate')
      else if (slot[2] === 'framing') return err({ reason: 'bad_framing', fault: `two ${slot[0]} headers` })
      else if (slot[2] === 'join') read[slot[1]] = slot[1] === 'cookie' ? `${before}; ${value}` : `${before}, ${value}`
    }
    const kind = headerClass(name, hash)
    if (kind === undefined) {
      read.headers.push(name, value)
      read.hashes.push(hash)
    } else if (kind === 'override' || kind === 'forwarding') read.setAside.push(name, value)
  }
  if (read.connection !== undefined) applyConnection(read, read.connection)
  return ok(read)
}

function applyConnection(read: ReadHeaders, connection: string): void {
  const options = connectionOptions(connection)
  if (options === undefined) return
  const { headers, hashes } = read
  read.headers = []
  read.hashes = []
  for (const [at, hash] of hashes.entries()) {
    const name = headers[2 * at] ?? ''
    if (hasHeaderName(options, name, hash)) continue
    read.headers.push(name, headers[2 * at + 1] ?? '')
    read.hashes.push(hash)
  }
  read.setAside = read.setAside.filter((_, at, all) => {
    const name = all[at - (at % 2)] ?? ''
    return !hasHeaderName(options, name, hashHeaderName(name))
  })
}

/** A caller's own names are not repeated in reasons: only names of the table are. */
function refuse(name: string, fault: HeaderFault): Result<never, Reject> {
  return err({ reason: 'bad_header', name, fault })
}

function noHeaders(): ReadHeaders {
  return {
    host: undefined,
    authorization: undefined,
    cookie: undefined,
    origin: undefined,
    secFetchSite: undefined,
    contentType: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    dpop: undefined,
    upgrade: undefined,
    connection: undefined,
    forwardedFor: undefined,
    forwardedHost: undefined,
    forwardedProto: undefined,
    forwarded: undefined,
    via: undefined,
    headers: [],
    hashes: [],
    setAside: [],
  }
}
