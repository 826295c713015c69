import { listHas } from '../framing/list-has.ts'
import { readDecimal } from '../framing/read-decimal.ts'
import { scanFields } from '../framing/scan-fields.ts'
import { isFieldValue } from '../head/header-value.ts'
import type { ResponseFault } from './response-fault.ts'

/** Fields of one answer; more is refused. */
export const headersMax = 256

/** What the head of an answer says, with the fields that frame its body already judged (RFC 9112 6). */
export interface ResponseHead {
  status: number
  minorVersion: 0 | 1
  /** Names and values in turn, as sent; values are latin1, trimmed. */
  rawHeaders: string[]
  /** Undefined when no Content-Length was sent. */
  contentLength: number | undefined
  chunked: boolean
  /** The connection may be used again (RFC 9112 9.3). */
  persistent: boolean
  /** The `timeout` of a Keep-Alive field, in seconds. */
  keepAliveSeconds: number | undefined
}

const tab = 0x09
const lf = 0x0a
const cr = 0x0d
const space = 0x20
const comma = 0x2c
const zero = 0x30
const nine = 0x39

/** `text` is a whole head up to and including its empty line. A fault leaves `head` half-filled: do not read it. */
export function readResponseHead(text: string, head: ResponseHead): ResponseFault | undefined {
  if (!text.startsWith('HTTP/1.')) return 'status_line'
  const minor = text.charCodeAt(7) - zero
  if (minor !== 0 && minor !== 1) return 'version'
  const status = statusAt(text)
  if (status === undefined) return 'status_line'
  // RFC 9110 15: anything else is no status code.
  if (status < 100 || status > 599) return 'status'

  let at = 12
  // A server with an empty reason often leaves out the space before it too; nothing depends on it.
  if (text.charCodeAt(at) === space) {
    const end = text.indexOf('\r', at)
    if (!isFieldValue(text.slice(at + 1, end))) return 'status_line'
    at = end
  }
  if (text.charCodeAt(at) !== cr || text.charCodeAt(at + 1) !== lf) return 'status_line'

  head.status = status
  head.minorVersion = minor
  return readFields(text, at + 2, head)
}

function readFields(text: string, from: number, head: ResponseHead): ResponseFault | undefined {
  const fields: string[] = []
  head.rawHeaders = fields
  head.contentLength = undefined
  head.chunked = false
  head.keepAliveSeconds = undefined
  const fault = scanFields(text, from, fields, headersMax)
  if (fault !== undefined) return fault

  let close = false
  let keepAlive = false
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    // The four names that frame a message have these lengths; most fields are told apart without lower-casing.
    if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue
    const content = fields[i + 1] ?? ''
    switch (lowerOf(name)) {
      case 'content-length':
        // RFC 9112 6.3 (5) would allow equal repetitions; a server that repeats it is not to be believed.
        if (head.contentLength !== undefined) return 'content_length'
        head.contentLength = readDecimal(content, 15)
        if (head.contentLength === undefined) return 'content_length'
        break
      case 'transfer-encoding':
        if (head.chunked || content.toLowerCase() !== 'chunked') return 'transfer_encoding'
        head.chunked = true
        break
      case 'connection':
        if (content === 'keep-alive') keepAlive = true
        else {
          close ||= listHas(content, 'close')
          keepAlive ||= listHas(content, 'keep-alive')
        }
        break
      case 'keep-alive':
        head.keepAliveSeconds = timeoutOf(content) ?? head.keepAliveSeconds
        break
    }
  }
  if (head.chunked && head.contentLength !== undefined) return 'both_framings'
  // RFC 9112 6.1: a Transfer-Encoding in an HTTP/1.0 message is faulty framing.
  if (head.chunked && head.minorVersion === 0) return 'transfer_encoding'
  head.persistent = !close && (head.minorVersion === 1 || keepAlive)
  return undefined
}

function statusAt(text: string): number | undefined {
  if (text.charCodeAt(8) !== space) return undefined
  let status = 0
  for (let i = 9; i < 12; i++) {
    const code = text.charCodeAt(i)
    if (!(code >= zero && code <= nine)) return undefined
    status = status * 10 + code - zero
  }
  return status
}

/** Two names are in nearly every answer in nearly one spelling: a comparison costs less than lower-casing. */
function lowerOf(name: string): string {
  if (name === 'Content-Length') return 'content-length'
  return name === 'Connection' ? 'connection' : name.toLowerCase()
}

/** The hint of RFC 2068 19.7.1, still sent by most servers: `timeout=5, max=100`. */
function timeoutOf(content: string): number | undefined {
  const start = content.toLowerCase().indexOf('timeout=')
  if (start === -1) return undefined
  let end = start + 8
  while (end < content.length && content.charCodeAt(end) !== comma && !isBlank(content.charCodeAt(end))) end++
  return readDecimal(content.slice(start + 8, end), 9)
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}
