import type { Claims } from '../../domain/claims.ts'
import { freezeJson } from '../../domain/freeze-json.ts'
import { parseJsonObject } from '../../domain/parse-json-object.ts'
import { err, ok, type Result } from '../../domain/result.ts'

/**
 * What a provider said of a token (RFC 7662 2.2). An `active` answer still has to pass every check of the place it is
 * used at (exp, nbf, iss, aud): the claims travel with it for that.
 */
export type IntrospectionAnswer =
  | {
      readonly state: 'active'
      readonly claims: Claims
      /** Until when (wall clock) the answer may be used again; never beyond the token's own `exp`. */
      readonly untilMs: number
    }
  | { readonly state: 'inactive'; readonly untilMs: number }
  /**
   * There is no usable answer. `fault` is a sentence for the operator; `answered` says that the provider was reached and
   * its answer may be due to the token.
   */
  | { readonly state: 'unavailable'; readonly fault: string; readonly answered: boolean }

/** Bounds of a token's claims (S10). */
const claimBounds = { depthMax: 16, membersMax: 256 }

/** Reads an introspection response: active only by the JSON value `true`. The error says what is wrong with it. */
export function readIntrospection(
  body: Uint8Array,
): Result<{ readonly active: boolean; readonly claims: Claims }, string> {
  const claims = parseJsonObject(body, claimBounds)
  if (!claims.ok) return err(`not the JSON of an introspection response (${claims.error})`)
  const { active } = claims.value
  if (typeof active !== 'boolean') return err('an introspection response without a true or false `active`')
  return ok({ active, claims: freezeJson(claims.value) })
}

/** When an answer given now stops to be usable again. `exp` counts in seconds; one that is no number allows no reuse. */
export function reusableUntilMs(claims: Claims, cacheMs: number, nowMs: number): number {
  const { exp } = claims
  if (exp === undefined) return nowMs + cacheMs
  return typeof exp === 'number' ? Math.min(nowMs + cacheMs, exp * 1000) : nowMs
}

/**
 * An answer that came over a channel between processes as plain JSON, read as strictly as the response it came from:
 * claims have no prototype and are frozen. Anything else is `unavailable`.
 */
export function reviveAnswer(wire: unknown): IntrospectionAnswer {
  const { state, claims, untilMs, fault, answered } = (typeof wire === 'object' && wire !== null ? wire : {}) as {
    readonly [member: string]: unknown
  }
  if (state === 'unavailable' && typeof fault === 'string') return { state, fault, answered: answered === true }
  if (state === 'inactive' && typeof untilMs === 'number') return { state, untilMs }
  if (state === 'active' && typeof untilMs === 'number') {
    const read = parseJsonObject(Buffer.from(JSON.stringify(claims ?? null)), claimBounds)
    if (read.ok) return { state, claims: freezeJson(read.value), untilMs }
  }
  return { state: 'unavailable', fault: 'the control process gave no answer', answered: false }
}
