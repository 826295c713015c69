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
 * finite. Objects come without a prototype and everything frozen. Takes time linear in the bytes: the text is walked
 * forward once. Escaped lone surrogates are kept (JSON allows them); `checkIdentityText` finds them.
 */
export function parseJsonObject(bytes: Uint8Array, bounds: JsonBounds): Result<JsonObject, JsonFault> {
  return parse(bytes, cursorOver(bounds))
}

/** Steps `parseJsonObject` takes over these bytes: characters looked at and values made. For the proof of linearity. */
export function countJsonSteps(bytes: Uint8Array, bounds: JsonBounds): number {
  const cursor = cursorOver(bounds)
  parse(bytes, cursor)
  return cursor.steps
}

interface Cursor {
  text: string
  at: number
  depthLeft: number
  membersLeft: number
  fault: JsonFault
  steps: number
}

type Mutable = { [member: string]: JsonValue }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function cursorOver(bounds: JsonBounds): Cursor {
  return { text: '', at: 0, depthLeft: bounds.depthMax, membersLeft: bounds.membersMax, fault: 'syntax', steps: 0 }
}

function parse(bytes: Uint8Array, cursor: Cursor): Result<JsonObject, JsonFault> {
  try {
    cursor.text = utf8.decode(bytes)
  } catch {
    return err('utf8')
  }
  if (skipSpace(cursor) !== OPEN_BRACE) return err(readValue(cursor) === undefined ? cursor.fault : 'not_an_object')
  const object = readObject(cursor)
  if (object === undefined) return err(cursor.fault)
  skipSpace(cursor)
  return cursor.at === cursor.text.length ? ok(object) : err('syntax')
}

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

// Readers return undefined on a fault, which no JSON value is, and leave `cursor.fault`.

function fail(cursor: Cursor, fault: JsonFault): undefined {
  cursor.fault = fault
  return undefined
}

/** Moves to the next character that is not white space and returns its code, NaN at the end. */
function skipSpace(cursor: Cursor): number {
  const { text } = cursor
  let at = cursor.at
  let code = text.charCodeAt(at)
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at)
  cursor.steps += at - cursor.at + 1
  cursor.at = at
  return code
}

function readValue(cursor: Cursor): JsonValue | undefined {
  const code = skipSpace(cursor)
  if (code === QUOTE) return readString(cursor)
  if (code === OPEN_BRACE) return readObject(cursor)
  if (code === OPEN_BRACKET) return readList(cursor)
  if (code === 0x74) return readWord(cursor, 'true', true)
  if (code === 0x66) return readWord(cursor, 'false', false)
  if (code === 0x6e) return readWord(cursor, 'null', null)
  return readNumber(cursor, code)
}

function readWord<T extends JsonValue>(cursor: Cursor, word: string, value: T): T | undefined {
  if (!cursor.text.startsWith(word, cursor.at)) return fail(cursor, 'syntax')
  cursor.at += word.length
  cursor.steps += word.length
  return value
}

function readObject(cursor: Cursor): JsonObject | undefined {
  if (cursor.depthLeft === 0) return fail(cursor, 'too_deep')
  cursor.depthLeft--
  cursor.at++
  const object: Mutable = Object.create(null)
  if (skipSpace(cursor) === CLOSE_BRACE) cursor.at++
  else if (readMembers(cursor, object) === undefined) return undefined
  cursor.depthLeft++
  return Object.freeze(object)
}

function readMembers(cursor: Cursor, object: Mutable): Mutable | undefined {
  for (;;) {
    if (skipSpace(cursor) !== QUOTE) return fail(cursor, 'syntax')
    if (cursor.membersLeft-- === 0) return fail(cursor, 'too_many_members')
    const name = readString(cursor)
    if (name === undefined) return undefined
    if (object[name] !== undefined) return fail(cursor, 'duplicate_member')
    if (skipSpace(cursor) !== COLON) return fail(cursor, 'syntax')
    cursor.at++
    const value = readValue(cursor)
    if (value === undefined) return undefined
    object[name] = value
    const next = skipSpace(cursor)
    cursor.at++
    if (next === CLOSE_BRACE) return object
    if (next !== COMMA) return fail(cursor, 'syntax')
  }
}

function readList(cursor: Cursor): readonly JsonValue[] | undefined {
  if (cursor.depthLeft === 0) return fail(cursor, 'too_deep')
  cursor.depthLeft--
  cursor.at++
  const list: JsonValue[] = []
  if (skipSpace(cursor) === CLOSE_BRACKET) cursor.at++
  else if (readElements(cursor, list) === undefined) return undefined
  cursor.depthLeft++
  return Object.freeze(list)
}

function readElements(cursor: Cursor, list: JsonValue[]): JsonValue[] | undefined {
  for (;;) {
    const value = readValue(cursor)
    if (value === undefined) return undefined
    list.push(value)
    const next = skipSpace(cursor)
    cursor.at++
    if (next === CLOSE_BRACKET) return list
    if (next !== COMMA) return fail(cursor, 'syntax')
  }
}

function readString(cursor: Cursor): string | undefined {
  const { text } = cursor
  const start = cursor.at + 1
  let at = start
  let code = text.charCodeAt(at)
  while (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) code = text.charCodeAt(++at)
  cursor.steps += at - start + 1
  cursor.at = at + 1
  if (code === QUOTE) return text.slice(start, at)
  if (code !== BACKSLASH) return fail(cursor, 'syntax')
  return readEscaped(cursor, text.slice(start, at))
}

/** The rest of a string, from just after its first backslash. */
function readEscaped(cursor: Cursor, head: string): string | undefined {
  const { text } = cursor
  let value = head
  for (;;) {
    const escaped = readEscape(cursor)
    if (escaped === undefined) return undefined
    value += escaped
    const start = cursor.at
    let at = start
    let code = text.charCodeAt(at)
    while (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) code = text.charCodeAt(++at)
    cursor.steps += at - start + 1
    cursor.at = at + 1
    value += text.slice(start, at)
    if (code === QUOTE) return value
    if (code !== BACKSLASH) return fail(cursor, 'syntax')
  }
}

const escapes: { readonly [letter: string]: string } = Object.assign(Object.create(null), {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
})

function readEscape(cursor: Cursor): string | undefined {
  const letter = cursor.text.charAt(cursor.at++)
  cursor.steps++
  if (letter !== 'u') return escapes[letter] ?? fail(cursor, 'syntax')
  let unit = 0
  for (let digits = 0; digits < 4; digits++) {
    const digit = hexDigit(cursor.text.charCodeAt(cursor.at++))
    if (digit < 0) return fail(cursor, 'syntax')
    unit = unit * 16 + digit
  }
  cursor.steps += 4
  return String.fromCharCode(unit)
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function readNumber(cursor: Cursor, first: number): number | undefined {
  const { text } = cursor
  const start = cursor.at
  let at = first === MINUS ? start + 1 : start
  at = text.charCodeAt(at) === ZERO ? at + 1 : digitsEnd(text, at)
  if (at > 0 && text.charCodeAt(at) === DOT) at = digitsEnd(text, at + 1)
  if (at > 0 && (text.charCodeAt(at) | 0x20) === 0x65) {
    const sign = text.charCodeAt(at + 1)
    at = digitsEnd(text, sign === 0x2b || sign === MINUS ? at + 2 : at + 1)
  }
  if (at < 0) return fail(cursor, 'syntax')
  cursor.steps += at - start
  cursor.at = at
  const value = Number(text.slice(start, at))
  return Number.isFinite(value) ? value : fail(cursor, 'number_range')
}

/** Index after one or more digits from `from`; -1 when there is none. */
function digitsEnd(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at++
  return at === from ? -1 : at
}
