import type { JsonValue } from './claims.ts'

const secondsEnd = 2 ** 53

/** A time in seconds since 1970 (RFC 7519 section 2, NumericDate), where doubles still tell seconds apart. */
export function isNumericDate(value: JsonValue): value is number {
  return typeof value === 'number' && Math.abs(value) < secondsEnd
}

/** `aud` as RFC 7519 4.1.3 defines it: one text or a list of texts. */
export function isAudience(value: JsonValue): value is string | readonly string[] {
  if (typeof value === 'string') return true
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
