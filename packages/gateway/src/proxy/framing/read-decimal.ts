const zero = 0x30
const nine = 0x39

/** A number of digits alone; undefined for anything else, and for more than `digitsMax` of them (15: below 2^53). */
export function readDecimal(text: string, digitsMax: number): number | undefined {
  if (text.length === 0 || text.length > digitsMax) return undefined
  let number = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < zero || code > nine) return undefined
    number = number * 10 + code - zero
  }
  return number
}
