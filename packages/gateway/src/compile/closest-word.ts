/** The word most like `text`, for "did you mean"; undefined when none is near enough to be meant. */
export function closestWord(text: string, words: readonly string[]): string | undefined {
  if (text.length > 64) return undefined
  const bound = Math.max(1, Math.floor(text.length / 3))
  let best: string | undefined
  let bestDistance = bound + 1
  for (const word of words) {
    const distance = editDistance(plain(text), plain(word))
    if (distance < bestDistance) [best, bestDistance] = [word, distance]
  }
  return best
}

/** `jwks_uri`, `JWKS-URI` and `jwksUri` are the same word to whoever types it. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ .]/g, '')
}

/** Levenshtein's distance, where two neighbouring letters swapped count once. */
function editDistance(one: string, other: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let line = 1; line <= one.length; line++) {
    const next = [line]
    for (let column = 1; column <= other.length; column++) {
      const same = one[line - 1] === other[column - 1]
      const swapped =
        line > 1 && column > 1 && one[line - 1] === other[column - 2] && one[line - 2] === other[column - 1]
      next.push(
        Math.min(
          (row[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          (row[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
