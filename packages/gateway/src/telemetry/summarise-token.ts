import type { JsonObject, JsonValue } from '../domain/claims.ts'
import type { TokenSummary } from '../domain/decision.ts'
import { escapeForTerminal } from './escape-text.ts'

/** Claims of RFC 7519 section 4.1, shown in clear; of all others only type and length (S23). */
const registeredClaims: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** Header parameters of RFC 7515 section 4.1 that name things and hold no key. */
const shownParameters: ReadonlySet<string> = new Set(['alg', 'typ', 'cty', 'kid'])

/** A token may have 256 members; nobody reads more than these. */
const membersMax = 64

/**
 * What a decision keeps of a token: never its bytes, no value but those of registered claims. Made when the decision
 * is kept, so that nothing of the claims themselves stays in memory.
 */
export function summariseToken(header: JsonObject, claims: JsonObject, signatureChecked: boolean): TokenSummary {
  return {
    signatureChecked,
    header: summariseMembers(header, shownParameters),
    claims: summariseMembers(claims, registeredClaims),
  }
}

function summariseMembers(members: JsonObject, shown: ReadonlySet<string>): Readonly<Record<string, string>> {
  const names = Object.keys(members)
  const summaries = names.slice(0, membersMax).map((name): [string, string] => {
    const value = members[name] ?? null
    return [escapeForTerminal(name), shown.has(name) ? showValue(value) : describeValue(value)]
  })
  if (names.length > membersMax) summaries.push(['…', `${names.length - membersMax} more`])
  return Object.fromEntries(summaries)
}

function showValue(value: JsonValue): string {
  return escapeForTerminal(typeof value === 'string' ? value : JSON.stringify(value))
}

function describeValue(value: JsonValue): string {
  if (typeof value === 'string') return `text of ${value.length} characters`
  if (Array.isArray(value)) return `list of ${value.length}`
  if (value === null) return 'null'
  return typeof value === 'object' ? `object of ${Object.keys(value).length} members` : typeof value
}
