/** What RFC 9113 8.2.1 asks beyond RFC 9110: no upper case in a name, no white space at either end of a value. */
export function isHttp2Field(name: string, value: string): boolean {
  return !hasUpperCase(name) && !isSpace(value.charCodeAt(0)) && !isSpace(value.charCodeAt(value.length - 1))
}

function hasUpperCase(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code >= 0x41 && code <= 0x5a) return true
  }
  return false
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
