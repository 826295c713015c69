const [slashCode, percentCode, semicolonCode] = [0x2f, 0x25, 0x3b]

/**
 * How a more liberal server may read a normalised path: everything decoded once (but `%2F`, which stays data), path
 * parameters cut off, empty segments left out. Where this reading would meet other rules than the path itself, the
 * request is refused: `/%40admin` must not slip past a rule for `/@admin`, nor `/admin;x` past one for `/admin`.
 * Decoded bytes are latin1 characters. The path itself when both readings are the same.
 */
export function looseReading(path: string): string {
  if (!path.includes('%') && !path.includes(';') && !path.includes('//')) return path
  let text = ''
  let inParameter = false
  let afterSlash = false
  for (let at = 0; at < path.length; at++) {
    let code = path.charCodeAt(at)
    if (code === slashCode) {
      inParameter = false
      if (!afterSlash) text += '/'
      afterSlash = true
      continue
    }
    if (code === percentCode) {
      code = Number.parseInt(path.slice(at + 1, at + 3), 16)
      at += 2
    }
    if (code === semicolonCode) inParameter = true
    if (inParameter) continue
    text += code === slashCode ? '%2F' : String.fromCharCode(code)
    afterSlash = false
  }
  return text === path ? path : text
}
