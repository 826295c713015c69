import type { ApiPlan } from '../compile/plan.ts'
import type { CompiledIssuer } from '../compile/snapshot.ts'
import type { Claims } from '../domain/claims.ts'
import { escapeForTerminal } from '../telemetry/escape-text.ts'
import type { SelfAsserted } from './offline-simulation.ts'

/** They say who made a token, for whom, when, and bound to what: that is looked at whoever signs. */
const judged: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti', 'cnf', 'token_type'])

/**
 * What becomes of the claims of a token an application signed itself (S25). `counted`: those that count on
 * this API.
 */
export function tellSelfAsserted(
  claims: Claims,
  counted: Claims,
  { subject }: NonNullable<CompiledIssuer['own']>,
  { access }: ApiPlan,
): SelfAsserted {
  const believed = new Set(Object.keys(counted))
  const paths = access.kind === 'public' ? [] : access.trustSelfAsserted.filter(({ text }) => believed.has(text))
  const ignored = Object.keys(claims).filter((name) => {
    if (judged.has(name) || (name === 'sub' && subject !== undefined)) return false
    return !paths.some(({ text, segments }) => text === name || segments[0] === name)
  })
  return { ignored: ignored.map(escapeForTerminal), believed: [...believed].map(escapeForTerminal) }
}
