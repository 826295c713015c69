/**
 * Header names as the servers behind us may read them: CGI and its heirs fold case and turn `-` into `_`, some turn
 * `.` too, so `X_Forwarded.For` can arrive as `X-Forwarded-For`. Every decision about a name is about its folded form:
 * lower case with `-` for `_` and `.`.
 */
const foldedCodes = Uint8Array.from({ length: 256 }, (_, code) => {
  const text = String.fromCharCode(code)
  if (text === '_' || text === '.') return 0x2d
  return code < 0x80 && /^[!#$%&'*+\-^`|~0-9A-Za-z]$/.test(text) ? text.toLowerCase().charCodeAt(0) : 0
})

/** A hash of the folded name, 30 bits; -1 when it is not a token (RFC 9110 5.6.2), so no field name. */
export function hashHeaderName(name: string): number {
  let hash = 0
  for (let at = 0; at < name.length; at++) {
    const code = foldedCodes[name.charCodeAt(at)] ?? 0
    if (code === 0) return -1
    hash = (Math.imul(hash, 31) + code) & 0x3fffffff
  }
  return name.length === 0 ? -1 : hash
}

/** The folded form of a name; other characters than a field name's come back as they are, lower-cased. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-').replaceAll('.', '-')
}

/** Whether `name` is a spelling of `folded`. */
export function isSpellingOf(name: string, folded: string): boolean {
  return name.length === folded.length && startsFolded(name, folded)
}

/** Whether `name` begins with a spelling of `folded`. */
export function startsFolded(name: string, folded: string): boolean {
  if (name.length < folded.length) return false
  for (let at = 0; at < folded.length; at++) {
    if (foldedCodes[name.charCodeAt(at)] !== folded.charCodeAt(at)) return false
  }
  return true
}

/** Whether a spelling of `folded` differs from it by case alone. */
export function isPlainSpelling(name: string, folded: string): boolean {
  return !folded.includes('-') || (!name.includes('_') && !name.includes('.'))
}

/** A set of folded names that can be asked without making a string. */
export type HeaderNames = ReadonlyMap<number, readonly string[]>

/** Makes the set; a name in any spelling stands for all its spellings. */
export function headerNames(names: Iterable<string>): HeaderNames {
  const set = new Map<number, readonly string[]>()
  for (const name of names) {
    const folded = foldHeaderName(name)
    const hash = hashHeaderName(folded)
    const others = set.get(hash) ?? []
    if (!others.includes(folded)) set.set(hash, [...others, folded])
  }
  return set
}

/** Whether a spelling of `name` is in the set; `hash` is `hashHeaderName(name)`. */
export function hasHeaderName(set: HeaderNames, name: string, hash: number): boolean {
  const names = set.get(hash)
  if (names === undefined) return false
  for (const folded of names) if (isSpellingOf(name, folded)) return true
  return false
}
