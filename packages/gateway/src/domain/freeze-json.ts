import type { JsonValue } from './claims.ts'

/** Freezes a value and all it holds (S9: a cached token's claims cannot be changed by anybody). */
export function freezeJson<T extends JsonValue>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const held of Array.isArray(value) ? value : Object.values(value)) freezeJson(held)
  return Object.freeze(value)
}
