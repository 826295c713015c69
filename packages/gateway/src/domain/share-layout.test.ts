import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JsonObject } from './claims.ts'
import { parseJsonObject } from './parse-json-object.ts'
import { shareLayout } from './share-layout.ts'

function read(text: string): JsonObject {
  const parsed = parseJsonObject(Buffer.from(text), { depthMax: 16, membersMax: 256 })
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

it('a copy says what the original says, member by member and in order', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (document) => {
      const text = JSON.stringify(document)
      expect(JSON.stringify(shareLayout(read(text)))).toBe(text)
    }),
  )
})

it('a copy answers for its own members alone, whatever they are called', () => {
  const copy = shareLayout(read('{"a":{"b":[{"c":1}]},"__proto__":{"admin":true}}'))
  expect(Object.keys(copy)).toEqual(['a', '__proto__'])
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'admin', 'valueOf']) {
    expect(copy[name]).toBeUndefined()
    expect(name in copy).toBe(false)
  }
})

it('nothing of a copy can be changed, its empty prototype neither', () => {
  const copy = shareLayout(read('{"a":{"b":[{"c":1}]}}'))
  const parts: unknown[] = [copy, Object.getPrototypeOf(copy)]
  for (const part of parts) {
    expect(Object.isFrozen(part)).toBe(true)
    if (typeof part === 'object' && part !== null)
      parts.push(...Object.values(part).filter((one) => typeof one === 'object'))
  }
  expect(parts).toHaveLength(5)
})
