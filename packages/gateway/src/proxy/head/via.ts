/**
 * Whether a `Via` value (RFC 9110 7.6.3) holds this pseudonym, in any place and any case: as a whole word, so that one
 * name may be part of another's.
 */
export function viaHolds(via: string, pseudonym: string): boolean {
  const text = via.toLowerCase()
  const name = pseudonym.toLowerCase()
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) {
    if (!isNameCode(text.charCodeAt(at - 1)) && !isNameCode(text.charCodeAt(at + name.length))) return true
  }
  return false
}

/** A character of a pseudonym; `NaN`, before the text and behind it, is none. */
function isNameCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f
  )
}
