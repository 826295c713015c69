import type { Claims } from '../../domain/claims.ts'
import type { Reject } from '../../domain/reject.ts'

const methodsNamedMax = 8

/**
 * Step 10: a token bound to a key or a certificate (`cnf`, RFC 7800) is never a bearer token (S2). No method of proof
 * is implemented here yet, so every such token is refused, whatever its members.
 */
export function bindHead(claims: Claims): Reject | undefined {
  const { cnf } = claims
  if (cnf === undefined) return undefined
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) {
    return { reason: 'claim_invalid', claim: 'cnf', fault: 'not_an_object' }
  }
  return { reason: 'confirmation_required', methods: Object.keys(cnf).slice(0, methodsNamedMax) }
}
