import type { ClaimPath } from './claim-path.ts'
import type { JsonObject, JsonValue } from './claims.ts'

/**
 * The claim a path names, undefined when absent. The literal name wins; otherwise dots lead into nested objects, by
 * own members only. Lists are not entered: `roles.0` is a member named `0`, never the first role.
 */
export function readClaim(claims: JsonObject, path: ClaimPath): JsonValue | undefined {
  const literal = ownMember(claims, path.text)
  if (literal !== undefined || path.segments.length < 2) return literal
  let value: JsonValue | undefined = claims
  for (const segment of path.segments) {
    if (!isObject(value)) return undefined
    value = ownMember(value, segment)
  }
  return value
}

/** A claim path as an operator writes it: `realm_access.roles`. */
export function toClaimPath(text: string): ClaimPath {
  return Object.freeze({ text, segments: Object.freeze(text.split('.')) })
}

// Parsed objects have no prototype; `Object.hasOwn` keeps the promise for claims that come from anywhere else.
function ownMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
