import type { CompiledApi } from '../../compile/snapshot.ts'
import { type CompactFault, parseCompactJws } from '../../domain/parse-compact-jws.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { UnverifiedToken } from '../../domain/token.ts'

/**
 * Step 5: the token's form, then the API's rules about its algorithm. `bytesMax` is looked at before anything else.
 * `compact` of the result is the caller's string; the verified-token cache makes the flat copy it keeps.
 */
export function parseToken(compact: string, api: CompiledApi, bytesMax: number): Result<UnverifiedToken, Reject> {
  const parsed = parseCompactJws(compact, bytesMax)
  if (!parsed.ok) return err(toReject(parsed.error, api, bytesMax))
  const refused = checkTokenRules(parsed.value, api)
  return refused === undefined ? ok(parsed.value) : err(refused)
}

/** The part of step 5 that asks the configuration: it holds for a cached token too, which skips only the parsing. */
export function checkTokenRules(token: UnverifiedToken, api: CompiledApi): Reject | undefined {
  if ((token.algorithm.bit & api.algorithmBits) !== 0) return undefined
  return { reason: 'alg_not_allowed', alg: token.algorithm.name, rule: algorithmRule(api) }
}

function toReject(fault: CompactFault, api: CompiledApi, bytesMax: number): Reject {
  switch (fault.fault) {
    case 'too_large':
      return { reason: 'token_too_large', bytes: fault.bytes, bytesMax }
    case 'alg':
      return { reason: 'alg_not_allowed', alg: fault.alg, rule: algorithmRule(api) }
    case 'crit':
      return { reason: 'crit_unknown' }
    default:
      return { reason: 'token_malformed', fault: fault.fault }
  }
}

/** What decided which algorithms count: the one issuer's list, or which issuers the API names. */
function algorithmRule(api: CompiledApi): string {
  const [only, second] = api.issuers
  return only !== undefined && second === undefined ? `${only.plan.rule}.algorithms` : `${api.plan.rule}.access.issuers`
}
