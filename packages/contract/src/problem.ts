/** The public codes: all a caller learns beside the status and the decision id. */
export const problemCodes = [
  'request_invalid',
  'headers_too_large',
  'request_timeout',
  'misdirected_request',
  'api_unknown',
  'method_not_allowed',
  'loop_detected',
  'token_missing',
  'token_ambiguous',
  'token_invalid',
  'token_expired',
  'api_key_missing',
  'api_key_invalid',
  'access_denied',
  'scope_missing',
  'body_too_large',
  'verification_budget',
  'keys_unavailable',
  'introspection_unavailable',
  'upstream_unavailable',
  'upstream_timeout',
  'gateway_unavailable',
  'internal_error',
] as const

export type ProblemCode = (typeof problemCodes)[number]

/** The body of every refusal: problem details (RFC 9457) with Jotgate's code and the decision id. */
export interface Problem {
  /** `urn:jotgate:problem:<code>`: absolute, because a relative one would be another type on every path (RFC 9457 3.1.1). */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  readonly decision: string
}
