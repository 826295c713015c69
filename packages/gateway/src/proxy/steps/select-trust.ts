import { identifyOf } from '../../compile/identify-of.ts'
import type { CompiledApi, CompiledIssuer, Snapshot } from '../../compile/snapshot.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { UnverifiedToken } from '../../domain/token.ts'
import { checkTokenKind } from '../../domain/token-kind.ts'

/**
 * Step 6: the one issuer entry, or the application that signs its own tokens, whose keys may verify this token, by its unverified `iss`, and that entry's own terms
 * about algorithm and kind. The claims choose where to look; they grant nothing.
 */
export function selectTrust(
  token: UnverifiedToken,
  api: CompiledApi,
  signers: Snapshot['signers'],
): Result<CompiledIssuer, Reject> {
  const { algorithm } = token
  const { iss } = token.facts
  const issuer = api.selectIssuer(iss) ?? ownSigner(iss, api, signers)
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

/** The application that signs with this `iss`, where the API takes such tokens; suspended or not (`identify`). */
export function ownSigner(
  iss: string | undefined,
  { plan }: CompiledApi,
  signers: Snapshot['signers'],
): CompiledIssuer | undefined {
  if (iss === undefined || identifyOf(plan)?.byOwnTokens !== true) return undefined
  return signers.get(iss)?.signer
}
