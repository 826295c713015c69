import { isFieldValue } from '../head/header-value.ts'

/** What is no field line. */
export type FieldFault = 'header_name' | 'header_value' | 'too_many_headers'

const tab = 0x09
const lf = 0x0a
const cr = 0x0d
const space = 0x20
const colon = 0x3a

/** RFC 9110 5.6.2; CR and colon are none. */
const tokenCodes = Uint8Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+\-.^_`|~0-9a-zA-Z]/.test(String.fromCharCode(code)) ? 1 : 0,
)

/**
 * Reads field lines from `from` up to and including the empty line, names and values in turn, strictly (RFC 9112 5):
 * CRLF only, no folding, no space before the colon, no control byte. `text` ends in CRLF CRLF, or is CRLF alone.
 */
export function scanFields(text: string, from: number, fields: string[], fieldsMax: number): FieldFault | undefined {
  let at = from
  while (text.charCodeAt(at) !== cr) {
    if (fields.length === 2 * fieldsMax) return 'too_many_headers'
    const nameStart = at
    while (tokenCodes[text.charCodeAt(at)] === 1) at++
    if (at === nameStart || text.charCodeAt(at) !== colon) return 'header_name'
    const nameEnd = at++
    while (text.charCodeAt(at) === space || text.charCodeAt(at) === tab) at++
    const lineEnd = text.indexOf('\r', at)
    if (text.charCodeAt(lineEnd + 1) !== lf) return 'header_value'
    let valueEnd = lineEnd
    while (valueEnd > at && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
    const content = text.slice(at, valueEnd)
    if (!isFieldValue(content)) return 'header_value'
    fields.push(text.slice(nameStart, nameEnd), content)
    at = lineEnd + 2
  }
  return text.charCodeAt(at + 1) === lf ? undefined : 'header_name'
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}
