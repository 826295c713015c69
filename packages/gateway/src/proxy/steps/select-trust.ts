import type { CompiledApi, CompiledIssuer } from '../../compile/snapshot.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { UnverifiedToken } from '../../domain/token.ts'
import { checkTokenKind } from '../../domain/token-kind.ts'

/**
 * Step 6: the one issuer entry whose keys may verify this token, by its unverified `iss`, and that entry's own terms
 * about algorithm and kind. The claims choose where to look; they grant nothing.
 */
export function selectTrust(token: UnverifiedToken, api: CompiledApi): Result<CompiledIssuer, Reject> {
  const { algorithm } = token
  const { iss } = token.facts
  const issuer = api.selectIssuer(iss)
  if (issuer === undefined) {
    return err({ reason: 'issuer_untrusted', iss, rule: `${api.plan.rule}.access.issuers` })
  }
  const { plan } = issuer
  if ((algorithm.bit & plan.algorithmBits) === 0) {
    return err({ reason: 'alg_not_allowed', alg: algorithm.name, rule: `${plan.rule}.algorithms` })
  }
  const fault = checkTokenKind(token, plan.accept)
  return fault === undefined ? ok(issuer) : err({ ...fault, rule: `${plan.rule}.accept` })
}
