/**
 * The host of an authority (`host[:port]`, RFC 9110 7.2) for matching: lower case, without port and without the root
 * dot. Undefined when it is not one: user info, empty host, a port that is no number, or characters no DNS name and no
 * address has. IPv6 addresses keep their brackets.
 */
export function readAuthority(authority: string): string | undefined {
  const bracketed = authority.charCodeAt(0) === 0x5b
  const close = bracketed ? authority.indexOf(']') : 0
  if (close === -1 || authority.length > 261) return undefined
  const colon = authority.indexOf(':', close)
  const end = colon === -1 ? authority.length : colon
  if (colon !== -1 && !isPort(authority, colon + 1)) return undefined
  if (bracketed && (end !== close + 1 || close < 3)) return undefined
  let upper = false
  for (let at = bracketed ? 1 : 0; at < (bracketed ? close : end); at++) {
    const code = authority.charCodeAt(at)
    if (code >= 0x41 && code <= 0x5a) upper = true
    else if (!(bracketed ? isAddressCode(code) : isNameCode(code))) return undefined
  }
  const dotted = !bracketed && authority.charCodeAt(end - 1) === 0x2e
  const host = authority.slice(0, dotted ? end - 1 : end)
  if (host === '') return undefined
  return upper ? host.toLowerCase() : host
}

function isNameCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x2d && code <= 0x39 && code !== 0x2f) || code === 0x5f
}

function isAddressCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x66) || (code >= 0x30 && code <= 0x3a) || code === 0x2e
}

/** RFC 3986 3.2.3 allows an empty port. */
function isPort(text: string, start: number): boolean {
  if (text.length - start > 5) return false
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}
