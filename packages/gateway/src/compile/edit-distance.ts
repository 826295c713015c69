/**
 * Levenshtein's distance, where two neighbouring letters swapped count once; `most`, when it is that or more. Takes time in
 * the product of the lengths between what both begin and end with, or with a bound in one of them and the bound.
 */
export function editDistance(one: string, other: string, most: number = Number.POSITIVE_INFINITY): number {
  if (Math.abs(one.length - other.length) >= most) return most
  const shorter = Math.min(one.length, other.length)
  let start = 0
  while (start < shorter && one[start] === other[start]) start++
  let end = 0
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return between(one.slice(start, one.length - end), other.slice(start, other.length - end), most)
}

function between(one: string, other: string, most: number): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  let before = [...row]
  let next = [...row]
  for (let line = 1; line <= one.length; line++) {
    // Left and right of these columns the distance is `most` at least.
    const first = Math.max(1, line - most + 1)
    const last = Math.min(other.length, line + most - 1)
    next[first - 1] = first === 1 ? line : most
    if (line + most - 1 <= other.length) row[line + most - 1] = most
    let least = line
    for (let column = first; column <= last; column++) {
      const same = one[line - 1] === other[column - 1]
      const swapped =
        line > 1 && column > 1 && one[line - 1] === other[column - 2] && one[line - 2] === other[column - 1]
      const distance = Math.min(
        (row[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (row[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
      next[column] = distance
      least = Math.min(least, distance)
    }
    if (least >= most) return most
    const oldest = before
    before = row
    row = next
    next = oldest
  }
  return Math.min(row[other.length] ?? 0, most)
}
