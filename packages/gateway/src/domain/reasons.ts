import type { Reason } from './reject.ts'

/**
 * How a request ended: let through, answered by the gateway itself (resource metadata), refused for what the caller
 * sent, or failed for what upstream or gateway lacked.
 */
export type Outcome = 'forwarded' | 'answered' | 'refused' | 'failed'

/** Whether a reason lies with the caller (`refused`) or with the upstream, a provider or the gateway (`failed`). */
export const outcomeOfReason: { readonly [R in Reason]: 'refused' | 'failed' } = {
  bad_path: 'refused',
  bad_header: 'refused',
  bad_framing: 'refused',
  headers_too_large: 'refused',
  headers_timeout: 'refused',
  misdirected_request: 'refused',
  api_unknown: 'refused',
  method_not_allowed: 'refused',
  loop_detected: 'failed',
  preflight_refused: 'refused',
  token_missing: 'refused',
  token_ambiguous: 'refused',
  token_too_large: 'refused',
  origin_not_allowed: 'refused',
  api_key_ambiguous: 'refused',
  token_malformed: 'refused',
  alg_not_allowed: 'refused',
  typ_mismatch: 'refused',
  token_kind: 'refused',
  crit_unknown: 'refused',
  issuer_untrusted: 'refused',
  key_unknown: 'refused',
  keys_unavailable: 'failed',
  signature_invalid: 'refused',
  verification_budget: 'refused',
  token_inactive: 'refused',
  introspection_unavailable: 'failed',
  token_expired: 'refused',
  token_not_yet_valid: 'refused',
  token_issued_in_future: 'refused',
  lifetime_too_long: 'refused',
  audience_mismatch: 'refused',
  claim_missing: 'refused',
  claim_invalid: 'refused',
  claim_mismatch: 'refused',
  confirmation_required: 'refused',
  api_key_missing: 'refused',
  api_key_invalid: 'refused',
  api_key_expired: 'refused',
  application_unidentified: 'refused',
  not_subscribed: 'refused',
  application_ambiguous: 'refused',
  application_inactive: 'refused',
  policy_unknown: 'refused',
  no_policy: 'refused',
  access_denied: 'refused',
  policy_ended: 'refused',
  token_too_old: 'refused',
  scope_missing: 'refused',
  body_too_large: 'refused',
  claim_unsendable: 'refused',
  upstream_refused: 'failed',
  upstream_timeout: 'failed',
  upstream_invalid: 'failed',
  body_timeout: 'refused',
  caller_slow: 'failed',
  caller_gone: 'failed',
  not_ready: 'failed',
  internal_error: 'failed',
}

/** Every reason, in the order of the steps; the position is the reason's number in counters. */
export const reasons: readonly Reason[] = Object.keys(outcomeOfReason) as Reason[]

/** Position of each reason in `reasons`. */
export const reasonNumber: { readonly [R in Reason]: number } = Object.fromEntries(
  reasons.map((reason, index) => [reason, index]),
) as { [R in Reason]: number }
