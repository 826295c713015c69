const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const

/** A span in its two largest units: `2 d 3 h`, `5 m 0 s`, `40 s`. */
export function formatSpan(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds))
  for (const [index, [unit, length]] of units.entries()) {
    if (whole < length) continue
    const [smaller, smallerLength] = units[index + 1] ?? ['s', 1]
    return `${Math.floor(whole / length)} ${unit} ${Math.floor((whole % length) / smallerLength)} ${smaller}`
  }
  return `${whole} s`
}

/** When something is or was, seen from now: `in 5 m 0 s`, `now`, `40 s ago`. */
export function formatRelative(atSeconds: number, nowSeconds: number): string {
  const span = formatSpan(atSeconds - nowSeconds)
  if (span === '0 s') return 'now'
  return atSeconds >= nowSeconds ? `in ${span}` : `${span} ago`
}

/** A NumericDate (RFC 7519 2) as ISO 8601 and seen from now; undefined outside what a date can be. */
export function formatDate(seconds: number, nowSeconds: number): string | undefined {
  // Outside these bounds toISOString throws (ECMA-262 21.4.1.1), and a claim may hold any number.
  if (!(Math.abs(seconds) <= 8.64e12)) return undefined
  return `${new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')}, ${formatRelative(seconds, nowSeconds)}`
}
