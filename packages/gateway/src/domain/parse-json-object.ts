import type { JsonObject, JsonValue } from './claims.ts'
import { err, ok, type Result } from './result.ts'

/** How much structure one document may have (S10). */
export interface JsonBounds {
  /** Objects and lists inside each other, the outermost included. */
  readonly depthMax: number
  /** Object members in the whole document. */
  readonly membersMax: number
}

export type JsonFault =
  | 'utf8'
  | 'syntax'
  | 'not_an_object'
  | 'duplicate_member'
  | 'too_deep'
  | 'too_many_members'
  | 'number_range'

/**
 * Reads one JSON object (RFC 8259) strictly: valid UTF-8 without BOM, no duplicate member after unescaping, numbers
 * finite. Objects come without a prototype. Takes time linear in the bytes. Escaped lone surrogates are kept (JSON
 * allows them); `checkIdentityText` finds them.
 */
export function parseJsonObject(bytes: Uint8Array, bounds: JsonBounds): Result<JsonObject, JsonFault> {
  return parse(bytes, bounds, { steps: 0, members: 0, finite: true })
}

/** Steps of our own that `parseJsonObject` takes: characters passed and values visited. For the proof of linearity. */
export function countJsonSteps(bytes: Uint8Array, bounds: JsonBounds): number {
  const tally: Tally = { steps: 0, members: 0, finite: true }
  parse(bytes, bounds, tally)
  return tally.steps
}

interface Tally {
  steps: number
  /** Members written in the text and not yet met as members of an object. */
  members: number
  finite: boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// `JSON.parse` takes half the time of a parser of our own and is as strict about syntax; what it lets through is
// duplicate members (last one wins), any depth and Infinity. So members are counted twice, in the text and in the
// objects: with valid syntax the numbers differ exactly when a member was lost to another of the same name.
function parse(bytes: Uint8Array, bounds: JsonBounds, tally: Tally): Result<JsonObject, JsonFault> {
  let value: JsonValue
  try {
    const text = utf8.decode(bytes)
    const excess = measure(text, bounds, tally)
    if (excess !== undefined) return err(excess)
    value = JSON.parse(text)
  } catch (error) {
    return err(error instanceof SyntaxError ? 'syntax' : 'utf8')
  }
  if (!isObject(value)) return err('not_an_object')
  bareObject(value, tally)
  if (tally.members !== 0) return err('duplicate_member')
  return tally.finite ? ok(value) : err('number_range')
}

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c
const CURLY_OPEN = 0x7b
const CURLY_CLOSE = 0x7d
// `[` and `]` differ from the braces in this bit only; no other JSON token does.
const BRACKET_BIT = 0x20

/** Counts members and depth of a text, correctly if its syntax is; otherwise `JSON.parse` refuses it anyway. */
function measure(text: string, bounds: JsonBounds, tally: Tally): JsonFault | undefined {
  let members = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    tally.steps++
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at, tally)
    else if (code === COLON && ++members > bounds.membersMax) return 'too_many_members'
    else if ((code | BRACKET_BIT) === CURLY_OPEN && ++depth > bounds.depthMax) return 'too_deep'
    else if ((code | BRACKET_BIT) === CURLY_CLOSE) depth--
  }
  tally.members = members
  return undefined
}

/** Index of the quote that closes the string opened at `open`; the text's end when none does. */
function stringEnd(text: string, open: number, tally: Tally): number {
  let from = open
  for (;;) {
    const quote = text.indexOf('"', from + 1)
    if (quote < 0) break
    let before = quote - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    // A run of backslashes stands before one quote only, so none is looked at twice.
    tally.steps += quote - from + (quote - before)
    if ((quote - before) % 2 === 1) return quote
    from = quote
  }
  tally.steps += text.length - from
  return text.length
}

function bare(value: JsonValue, tally: Tally): void {
  tally.steps++
  if (typeof value === 'number') tally.finite &&= Number.isFinite(value)
  else if (isObject(value)) bareObject(value, tally)
  else if (typeof value === 'object' && value !== null) for (const element of value) bare(element, tally)
}

/** Takes the prototype away, here and below, and counts members off. */
function bareObject(object: JsonObject, tally: Tally): void {
  for (const name of Object.keys(object)) {
    tally.members--
    bare(object[name] ?? null, tally)
  }
  // Unlike `Object.create(null)`, which makes a hash table, this keeps the fast layout that objects alike share.
  Object.setPrototypeOf(object, null)
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
