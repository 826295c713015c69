import { hashHeaderName, isSpellingOf } from '../../domain/header-name.ts'

/** All values of a header in any spelling: an upstream may read `X_Token` where the configuration says `X-Token`. */
export function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  const folded = name.replaceAll('_', '-').replaceAll('.', '-')
  const hash = hashHeaderName(folded)
  const values: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const candidate = rawHeaders[at] ?? ''
    if (candidate.length === folded.length && hashHeaderName(candidate) === hash && isSpellingOf(candidate, folded)) {
      values.push(rawHeaders[at + 1] ?? '')
    }
  }
  return values
}
