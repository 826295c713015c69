/**
 * Where the credentials after `scheme` and one or more spaces begin (RFC 9110 11.4; the scheme in any case, given in
 * lower case); -1 when the value is of another scheme. A scheme with nothing behind it ends at the value's length.
 */
export function credentialsStart(value: string, scheme: string): number {
  if (value.length < scheme.length) return -1
  for (let at = 0; at < scheme.length; at++) {
    const code = value.charCodeAt(at)
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code
    if (lower !== scheme.charCodeAt(at)) return -1
  }
  let start = scheme.length
  if (start < value.length && value.charCodeAt(start) !== 0x20) return -1
  while (value.charCodeAt(start) === 0x20) start++
  return start
}
