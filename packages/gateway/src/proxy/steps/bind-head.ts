import type { Claims, JsonValue } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'

const methodsNamedMax = 8
const proofTypes: ReadonlySet<string> = new Set(['dpop', 'pop', 'mac'])

/**
 * Step 10: a token bound to a key or a certificate (`cnf`, RFC 7800) is never a bearer token (S2). No method of proof
 * is implemented here yet, so every such token is refused, whatever its members, and so is one of a type that wants a proof.
 */
export function bindHead(claims: Claims): Reject | undefined {
  const { cnf } = claims
  if (cnf === undefined) return demandsProof(claims.token_type)
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) {
    return { reason: 'claim_invalid', claim: 'cnf', fault: 'not_an_object' }
  }
  return { reason: 'confirmation_required', methods: Object.keys(cnf).slice(0, methodsNamedMax) }
}

/** Some types are never used as bearer tokens, by the provider's own word (RFC 7662 2.2, RFC 9449 5). */
function demandsProof(tokenType: JsonValue | undefined): Reject | undefined {
  const type = typeof tokenType === 'string' ? tokenType.toLowerCase() : ''
  return proofTypes.has(type) ? { reason: 'confirmation_required', methods: [type] } : undefined
}
