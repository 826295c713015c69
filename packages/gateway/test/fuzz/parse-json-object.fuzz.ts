import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { countJsonSteps, parseJsonObject } from '../../src/domain/parse-json-object.ts'
import { jsonText } from './json-text.ts'
import { runFuzz } from './run-fuzz.ts'

// Against JSON.parse: never more liberal, the same value, stricter only for S10, and steps bounded by the bytes.

const bounds = { depthMax: 16, membersMax: 256 }
const ownRules: ReadonlySet<string> = new Set(['duplicate_member', 'number_range', 'too_deep', 'too_many_members'])

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

await runFuzz(
  'parse-json-object',
  fc.property(jsonText, (text) => {
    const bytes = Buffer.from(text)
    // Lone surrogates do not survive encoding; the oracle reads what the bytes say.
    const oracle = parseLoosely(bytes.toString())
    const isObject = typeof oracle === 'object' && oracle !== null && !Array.isArray(oracle)
    if (countJsonSteps(bytes, bounds) > 4 * bytes.length + 8) return false
    const parsed = parseJsonObject(bytes, bounds)
    if (!parsed.ok) return !isObject || ownRules.has(parsed.error)
    return isDeepStrictEqual(JSON.parse(JSON.stringify(parsed.value)), JSON.parse(JSON.stringify(oracle)))
  }),
)
