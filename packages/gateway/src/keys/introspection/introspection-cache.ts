import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { IntrospectionAnswer } from './introspection-answer.ts'

/** Remembers answers about tokens, bounded in number and bytes. Holds no token, only keyed hashes. */
export interface IntrospectionCache {
  /** The name of a question: the token, and everything else that could change the answer. */
  readonly keyOf: (...question: readonly string[]) => string
  /** Undefined: nothing is known, or it may not be used again at this time. */
  readonly get: (key: string, nowMs: number) => IntrospectionAnswer | undefined
  readonly set: (key: string, answer: IntrospectionAnswer, untilMs: number, nowMs: number) => void
}

interface Entry {
  readonly answer: IntrospectionAnswer
  readonly sinceMs: number
  readonly untilMs: number
}

const entriesMax = 10_000
const bytesMax = 16 << 20
/** What an entry costs beside its claims, roughly. */
const entryBytes = 400

/** Makes a cache. `hashKey` is random and of this process only: what is kept proves nothing about a token elsewhere. */
export function createIntrospectionCache(hashKey: Buffer): IntrospectionCache {
  const entries = new LRUCache<string, Entry>({ max: entriesMax, maxSize: bytesMax, sizeCalculation: sizeOf })
  return {
    keyOf: (...question) => createHmac('sha256', hashKey).update(JSON.stringify(question)).digest('base64url'),
    get: (key, nowMs) => {
      const entry = entries.get(key)
      // A clock set back to before the answer was given says nothing about how old it is.
      if (entry !== undefined && entry.sinceMs <= nowMs && nowMs < entry.untilMs) return entry.answer
      entries.delete(key)
      return undefined
    },
    set: (key, answer, untilMs, nowMs) => {
      if (nowMs < untilMs) entries.set(key, { answer, sinceMs: nowMs, untilMs })
    },
  }
}

function sizeOf({ answer }: Entry): number {
  return entryBytes + (answer.state === 'active' ? 2 * JSON.stringify(answer.claims).length : 0)
}
