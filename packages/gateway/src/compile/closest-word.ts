import { editDistance } from './edit-distance.ts'

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
