import { closestWord } from './closest-word.ts'

/** The hint that names the word most like `text`; undefined when none is near enough to be meant. */
export function didYouMean(text: string, words: readonly string[]): string | undefined {
  const meant = closestWord(text, words)
  return meant === undefined ? undefined : `did you mean \`${meant}\`?`
}
