import { METHODS } from 'node:http'
import { listHas } from '../framing/list-has.ts'
import { readDecimal } from '../framing/read-decimal.ts'
import { scanFields } from '../framing/scan-fields.ts'
import type { Http1Fault } from './http1-fault.ts'

/** The head of a request as it was sent, and what of it frames the message or concerns the connection. */
export interface Http1Head {
  readonly method: string
  /** Visible ASCII. */
  readonly target: string
  readonly httpVersion: '1.0' | '1.1'
  /** Names and values in turn; values are latin1, trimmed. */
  readonly rawHeaders: string[]
  /** Bytes of its body. */
  readonly body: number | 'chunked'
  /** Its framing fields contradict each other: where it ends nobody knows. `body` is 0 and `isLast` is set. */
  readonly isUnframed: boolean
  /** No request follows it on its connection (RFC 9112 9.3). */
  readonly isLast: boolean
  /** The caller sends its body when it is told to (RFC 9110 10.1.1). */
  readonly awaitsContinue: boolean
  /** It names a protocol to change to: whether that means anything is not judged here. */
  readonly asksUpgrade: boolean
  /** The caller does not throw trailers away (RFC 9110 10.1.4). */
  readonly takesTrailers: boolean
}

const lf = 0x0a
const cr = 0x0d
const space = 0x20
const slash = 0x2f
const zero = 0x30
const tilde = 0x7e

/** Above the 100 fields `readRequest` allows, which says so with the request's own record. */
const fieldsMax = 128
/** The methods node:http knows: both of our listeners take the same. */
const methods: ReadonlySet<string> = new Set(METHODS)
const methodLengthMax = Math.max(...METHODS.map((method) => method.length))
const versionPrefix = 'HTTP/1.'

/**
 * Reads a whole head, up to and including its empty line (RFC 9112 2 to 5). Fields that contradict each other are told
 * by `readRequest`; all that is done about them here is that nothing behind the head is read.
 */
export function readHttp1Head(text: string): Http1Head | Http1Fault {
  const methodEnd = text.indexOf(' ')
  const method = methodEnd > 0 && methodEnd <= methodLengthMax ? text.slice(0, methodEnd) : ''
  if (!methods.has(method)) return 'method'
  const targetStart = methodEnd + 1
  let at = targetStart
  while (isTargetCode(text.charCodeAt(at))) at++
  if (text.charCodeAt(at) !== space) return 'target'
  const target = text.slice(targetStart, at)
  if (method !== 'CONNECT' && !isTarget(target)) return 'target'
  at++
  if (!text.startsWith(versionPrefix, at)) return 'request_line'
  const minor = text.charCodeAt(at + 7) - zero
  if (minor !== 0 && minor !== 1) return 'version'
  if (text.charCodeAt(at + 8) !== cr || text.charCodeAt(at + 9) !== lf) return 'request_line'
  return readFields(text, at + 10, method, target, minor === 0 ? '1.0' : '1.1')
}

/** Whether bytes may still become a request line: what does not is told at once instead of waited for. */
export function mayBeginHttp1(text: string): boolean {
  const methodEnd = text.indexOf(' ')
  const method = methodEnd < 0 ? text : text.slice(0, methodEnd)
  if (methodEnd >= 0) return methods.has(method)
  return METHODS.some((known) => known.startsWith(method))
}

function readFields(
  text: string,
  from: number,
  method: string,
  target: string,
  httpVersion: Http1Head['httpVersion'],
): Http1Head | Http1Fault {
  const rawHeaders: string[] = []
  let contentLength: number | undefined
  let isChunked = false
  let isUnframed = false
  let close = false
  let keepAlive = false
  let awaitsContinue = false
  let asksUpgrade = false
  let takesTrailers = false
  const fault = scanFields(text, from, rawHeaders, fieldsMax)
  if (fault !== undefined) return fault === 'too_many_headers' ? 'headers_too_large' : fault
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const value = rawHeaders[at + 1] ?? ''
    switch (framingName(rawHeaders[at] ?? '')) {
      case 'content-length':
        isUnframed ||= contentLength !== undefined
        contentLength = readDecimal(value, 15)
        isUnframed ||= contentLength === undefined
        break
      case 'transfer-encoding':
        isUnframed ||= isChunked || httpVersion === '1.0' || value.toLowerCase() !== 'chunked'
        isChunked = true
        break
      case 'connection':
        close ||= listHas(value, 'close')
        keepAlive ||= listHas(value, 'keep-alive')
        break
      case 'expect':
        awaitsContinue ||= httpVersion === '1.1' && value.toLowerCase() === '100-continue'
        break
      case 'upgrade':
        asksUpgrade = true
        break
      case 'te':
        takesTrailers ||= httpVersion === '1.1' && listHas(value, 'trailers')
        break
    }
  }
  isUnframed ||= isChunked && contentLength !== undefined
  return {
    method,
    target,
    httpVersion,
    rawHeaders,
    body: isUnframed ? 0 : isChunked ? 'chunked' : (contentLength ?? 0),
    isUnframed,
    isLast: isUnframed || close || (httpVersion === '1.0' && !keepAlive),
    awaitsContinue,
    asksUpgrade,
    takesTrailers,
  }
}

/** Initials of the names that are looked at here, by length: a browser's fields are told apart without lower-casing. */
const initials: Readonly<Record<number, number>> = {
  2: 't'.charCodeAt(0),
  6: 'e'.charCodeAt(0),
  7: 'u'.charCodeAt(0),
  10: 'c'.charCodeAt(0),
  14: 'c'.charCodeAt(0),
  17: 't'.charCodeAt(0),
}

/** The name in lower case when it may be one of those. */
function framingName(name: string): string {
  return (name.charCodeAt(0) | 0x20) === initials[name.length] ? name.toLowerCase() : ''
}

/** Origin, asterisk and absolute form (RFC 9112 3.2), by how they begin. */
function isTarget(target: string): boolean {
  const first = target.charCodeAt(0)
  if (first === slash || target === '*') return true
  const mark = target.indexOf('://')
  if (mark <= 0) return false
  for (let at = 0; at < mark; at++) if (!isLetter(target.charCodeAt(at))) return false
  // Some take it for a slash, and what is before it for the host.
  const back = target.indexOf('\\')
  const path = target.indexOf('/', mark + 3)
  return back < 0 || (path >= 0 && path < back)
}

function isLetter(code: number): boolean {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

function isTargetCode(code: number): boolean {
  return code > space && code <= tilde
}
