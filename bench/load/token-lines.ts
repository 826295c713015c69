import { readFileSync } from 'node:fs'

/** Something made of each token of a pool in turn, from the given one on: made when it is first wanted, and kept. */
export function tokenLines<T>(file: string, startAt: number, make: (token: string) => T): () => T {
  const tokens = readFileSync(file, 'latin1').trimEnd().split('\n')
  const made: (T | undefined)[] = tokens.map(() => undefined)
  let position = startAt % tokens.length
  return () => {
    const one = made[position] ?? make(tokens[position] ?? '')
    made[position] = one
    position = position + 1 === tokens.length ? 0 : position + 1
    return one
  }
}
