/** Longest string in a log line, in characters; the rest is cut off and `…` takes the last place (S23). */
export const loggedCharactersMax = 512

/** Whether a UTF-16 unit, printed as it is, could move a cursor, reorder a line, hide itself or break a line. */
function isUnprintable(unit: number): boolean {
  if (unit < 0x80) return unit < 0x20 || unit === 0x7f
  if (unit < 0x600) return unit < 0xa0 || unit === 0xad
  return (
    unit === 0x61c ||
    unit === 0x180e ||
    (unit >= 0x200b && unit <= 0x200f) ||
    (unit >= 0x2028 && unit <= 0x202e) ||
    (unit >= 0x2060 && unit <= 0x206f) ||
    unit === 0xfeff ||
    (unit >= 0xfff9 && unit <= 0xfffb)
  )
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

/** Whether the unit at `index` is half of a surrogate pair without its other half. */
function isLoneSurrogate(text: string, index: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdfff) return false
  const neighbour = text.charCodeAt(unit < 0xdc00 ? index + 1 : index - 1)
  return unit < 0xdc00 ? !(neighbour >= 0xdc00 && neighbour <= 0xdfff) : !(neighbour >= 0xd800 && neighbour <= 0xdbff)
}

/**
 * A string as it may be printed on a terminal or a plain log line: no control, bidi or invisible formatting
 * characters, which become `\u001b` and the like; at most 512 characters. Printing its own output changes nothing.
 */
export function escapeForTerminal(text: string): string {
  if (text.length <= loggedCharactersMax && isPrintableAscii(text)) return text
  let out = ''
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    const piece = isUnprintable(unit) || isLoneSurrogate(text, index, unit) ? unitEscape(unit) : text.charAt(index)
    const rest = index === text.length - 1 ? 0 : 1
    if (out.length + piece.length + rest > loggedCharactersMax) return `${dropHighSurrogate(out)}…`
    out += piece
  }
  return out
}

function isPrintableAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit > 0x7e) return false
  }
  return true
}

function dropHighSurrogate(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text
}

/**
 * A string as a JSON string with its quotes, at most 512 characters before escaping. Pure ASCII: whatever reads the
 * line by bytes, or prints it raw, meets no control or bidi character.
 */
export function jsonText(text: string): string {
  if (text.length > loggedCharactersMax)
    return jsonText(`${dropHighSurrogate(text.slice(0, loggedCharactersMax - 1))}…`)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return `"${escapeJson(text)}"`
  }
  return `"${text}"`
}

function escapeJson(text: string): string {
  let out = ''
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === 0x22 || unit === 0x5c) out += `\\${text.charAt(index)}`
    else if (unit < 0x20 || unit > 0x7e) out += unitEscape(unit)
    else out += text.charAt(index)
  }
  return out
}
