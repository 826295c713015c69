/** Names are compared as servers read them: percent-decoded, `+` as a space. */

/** Values of all parameters of that name, undecoded; a parameter without `=` has an empty one. */
export function findQueryParameter(query: string, name: string): readonly string[] {
  if (!mayHold(query, name)) return []
  const found: string[] = []
  for (let start = 1; start <= query.length; ) {
    const end = parameterEnd(query, start)
    const parameter = query.slice(start, end)
    const nameEnd = endOfName(parameter)
    if (isNamed(parameter, nameEnd, name)) found.push(parameter.slice(nameEnd + 1))
    start = end + 1
  }
  return found
}

/** The query (with its `?`) without the parameters of that name, byte for byte; empty when nothing is left. */
export function cutQueryParameter(query: string, name: string): string {
  if (!mayHold(query, name)) return query
  let kept = ''
  for (let start = 1; start <= query.length; ) {
    const end = parameterEnd(query, start)
    const parameter = query.slice(start, end)
    if (!isNamed(parameter, endOfName(parameter), name)) kept += `${kept === '' ? '?' : '&'}${parameter}`
    start = end + 1
  }
  return kept === '?' ? '' : kept
}

/** A value as a form decoder reads it; undefined when an escape is broken. */
export function decodeQueryValue(text: string): string | undefined {
  let decoded = ''
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2b) {
      decoded += `${text.slice(copied, at)} `
      copied = at + 1
    } else if (code === 0x25) {
      const byte = hexDigit(text.charCodeAt(at + 1)) * 16 + hexDigit(text.charCodeAt(at + 2))
      if (!(byte >= 0)) return undefined
      decoded += text.slice(copied, at) + String.fromCharCode(byte)
      at += 2
      copied = at + 1
    }
  }
  return copied === 0 ? text : decoded + text.slice(copied)
}

/** Cheap and never wrong for a `false`: a name is there in so many letters or hidden behind an escape. */
function mayHold(query: string, name: string): boolean {
  return query !== '' && (query.includes(name) || query.includes('%'))
}

/** Looked for in the parameter alone: those without a value would each send the search through the rest of the query. */
function endOfName(parameter: string): number {
  const equals = parameter.indexOf('=')
  return equals === -1 ? parameter.length : equals
}

function isNamed(parameter: string, nameEnd: number, name: string): boolean {
  if (nameEnd === name.length) return parameter.startsWith(name)
  return nameEnd > name.length && decodeQueryValue(parameter.slice(0, nameEnd)) === name
}

function parameterEnd(query: string, start: number): number {
  const end = query.indexOf('&', start)
  return end === -1 ? query.length : end
}

/** NaN for what is no hexadecimal digit. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN
}
