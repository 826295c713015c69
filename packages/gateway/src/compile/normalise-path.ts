import { pathForm } from '../domain/path-form.ts'
import type { PathFault } from '../domain/reject.ts'
import { err, ok, type Result } from '../domain/result.ts'

/** The one spelling of a request target that is matched, authorised and forwarded. */
export interface NormalPath {
  readonly path: string
  /** With its leading `?`, byte for byte as sent; empty when there is none. */
  readonly query: string
  /** Bits of `pathForm` found in the path. */
  readonly forms: number
}

/** Longest path, in characters. */
export const pathLengthMax = 8192
/** Longest target: a path and a query that carries the longest token an API may allow (64 KiB). */
const targetLengthMax = 73_728

const [plain, percent, question, hash, backslash, control] = [0, 1, 2, 3, 4, 5]
const [slashCode, dotCode, percentCode, semicolonCode] = [0x2f, 0x2e, 0x25, 0x3b]

const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= 0x20 || code === 0x7f) return control
  return { '%': percent, '?': question, '#': hash, '\\': backslash }[String.fromCharCode(code)] ?? plain
})

/**
 * Normalises a target in origin form (RFC 9112 3.2.1): percent-encoded unreserved characters are decoded (RFC 3986
 * 2.3, 6.2.2.2), the hex digits of all others are upper-cased, nothing else changes. Refuses what servers are known to
 * read in different ways: invalid `%`, dot segments in any spelling, backslashes, control bytes and spaces, bytes
 * outside ASCII, `#`, and a leading `//`. Idempotent and linear; an already normal path comes back as it is.
 */
export function normalisePath(target: string): Result<NormalPath, PathFault> {
  if (target.length > targetLengthMax) return err('too_long')
  if (target.length === 0 || target.charCodeAt(0) !== slashCode) return err('not_origin_form')
  let queryStart = target.length
  let encoded = false
  for (let at = 1; at < target.length; at++) {
    const code = target.charCodeAt(at)
    const kind = kinds[code]
    if (kind === plain) continue
    if (kind === undefined) return err('non_ascii')
    if (kind === control) return err('control_byte')
    if (kind === hash) return err('fragment')
    if (queryStart < target.length) continue
    if (kind === backslash) return err('backslash')
    if (kind === percent) encoded = true
    else queryStart = at
  }
  if (queryStart > pathLengthMax) return err('too_long')
  const raw = queryStart === target.length ? target : target.slice(0, queryStart)
  const query = queryStart === target.length ? '' : target.slice(queryStart)
  if (!encoded) return readStructure(raw, query)
  const decoded = decodeUnreserved(raw)
  return decoded.ok ? readStructure(decoded.value, query) : decoded
}

function decodeUnreserved(raw: string): Result<string, PathFault> {
  let text = ''
  let copied = 0
  for (let at = raw.indexOf('%'); at !== -1; at = raw.indexOf('%', at + 3)) {
    const high = hexValue(raw.charCodeAt(at + 1))
    const low = hexValue(raw.charCodeAt(at + 2))
    if (high < 0 || low < 0) return err('invalid_percent')
    const code = high * 16 + low
    if (code < 0x20 || code === 0x7f) return err('control_byte')
    if (code === 0x5c) return err('backslash')
    text += raw.slice(copied, at) + (isUnreserved(code) ? String.fromCharCode(code) : escapes[code])
    copied = at + 3
  }
  return ok(text + raw.slice(copied))
}

/** Finds dot segments, also where `;` or an encoded slash would bound them for another reader, and the forms. */
function readStructure(path: string, query: string): Result<NormalPath, PathFault> {
  let forms = 0
  let segmentStart = 1
  for (let at = 1; at <= path.length; at++) {
    const code = at === path.length ? slashCode : path.charCodeAt(at)
    if (code !== slashCode && code !== percentCode && code !== semicolonCode) continue
    const escaped = code === percentCode ? path.charCodeAt(at + 1) * 256 + path.charCodeAt(at + 2) : 0
    const encodedSlash = escaped === 0x3246
    const parameter = code === semicolonCode || escaped === 0x3342
    if (escaped !== 0 && !encodedSlash && !parameter) continue
    if (isDotSegment(path, segmentStart, at)) return err('dot_segment')
    if (parameter) forms |= pathForm.parameters
    else if (encodedSlash) forms |= pathForm.encodedSlash
    else if (at === segmentStart && at < path.length && path.charCodeAt(at - 1) === slashCode) {
      if (at === 1) return err('empty_segment')
      forms |= pathForm.emptySegments
    }
    if (escaped !== 0) at += 2
    segmentStart = at + 1
  }
  return ok({ path, query, forms })
}

function isDotSegment(path: string, start: number, end: number): boolean {
  if (end - start === 1) return path.charCodeAt(start) === dotCode
  return end - start === 2 && path.charCodeAt(start) === dotCode && path.charCodeAt(start + 1) === dotCode
}

/** RFC 3986 2.3: letters, digits, `-`, `.`, `_`, `~`. */
function isUnreserved(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true
  const letter = code | 0x20
  if (letter >= 0x61 && letter <= 0x7a) return code >= 0x41 && code <= 0x7a
  return code === 0x2d || code === 0x2e || code === 0x5f || code === 0x7e
}

/** The value of a hexadecimal digit, or -1; also -1 past the end of the text, where `code` is NaN. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

const escapes: readonly string[] = Array.from(
  { length: 256 },
  (_, code) => `%${code.toString(16).toUpperCase().padStart(2, '0')}`,
)
