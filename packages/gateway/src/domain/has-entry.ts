import type { Scalar } from './claim-rule.ts'
import type { JsonValue } from './claims.ts'

const SPACE = 0x20

/** A claim that can be searched for entries: a list, or a text of words between spaces (RFC 6749 3.3). */
export function isSearchable(value: JsonValue): value is string | readonly JsonValue[] {
  return typeof value === 'string' || Array.isArray(value)
}

/** Whether a list has this very value, or a text has this word. Types are never converted: `1` is not `"1"`. */
export function hasEntry(value: string | readonly JsonValue[], wanted: Scalar): boolean {
  if (typeof value !== 'string') return value.includes(wanted)
  return typeof wanted === 'string' && hasWord(value, wanted)
}

function hasWord(text: string, word: string): boolean {
  // A word holds no space; without this, "a b" would be found across two words.
  if (word === '' || word.includes(' ')) return false
  let at = text.indexOf(word)
  while (at >= 0) {
    const end = at + word.length
    const opens = at === 0 || text.charCodeAt(at - 1) === SPACE
    const closes = end === text.length || text.charCodeAt(end) === SPACE
    if (opens && closes) return true
    // The next word begins after a space; looking from `at + 1` would be quadratic on repeated letters.
    const space = text.indexOf(' ', at)
    if (space < 0) return false
    at = text.indexOf(word, space + 1)
  }
  return false
}
