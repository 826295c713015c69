import type { ProblemCode } from '@jotgate/contract'
import type { Reject } from '../../domain/reject.ts'

/** What a caller learns of a refusal: few public codes, never the reason in detail. */
export interface WireError {
  readonly status: number
  readonly code: ProblemCode
  /** Makes the answer carry `WWW-Authenticate: Bearer`; without `error` no credentials were sent (RFC 6750 3). */
  readonly challenge?: BearerChallenge
  /** Makes the answer carry `WWW-Authenticate: ApiKey`. */
  readonly asksApiKey?: true
  readonly retryAfterSeconds?: number
  /** The connection is not used again: where this request ended is in doubt. */
  readonly close: boolean
  /** Methods for `Allow` (RFC 9110 10.2.1). */
  readonly allow?: readonly string[]
}

export interface BearerChallenge {
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  readonly description?: string
  /** Scopes the configuration asks for. */
  readonly scope?: readonly string[]
}

const requestInvalid: WireError = { status: 400, code: 'request_invalid', close: false }
const requestUnframed: WireError = { status: 400, code: 'request_invalid', close: true }
const headersTooLarge: WireError = { status: 431, code: 'headers_too_large', close: true }
const requestTimeout: WireError = { status: 408, code: 'request_timeout', close: true }
const misdirectedRequest: WireError = { status: 421, code: 'misdirected_request', close: false }
const apiUnknown: WireError = { status: 404, code: 'api_unknown', close: false }
const accessDenied: WireError = { status: 403, code: 'access_denied', close: false }
const apiKeyMissing: WireError = { status: 401, code: 'api_key_missing', asksApiKey: true, close: false }
const apiKeyInvalid: WireError = { status: 401, code: 'api_key_invalid', asksApiKey: true, close: false }
const tokenMissing: WireError = { status: 401, code: 'token_missing', challenge: {}, close: false }
const tokenAmbiguous: WireError = {
  status: 400,
  code: 'token_ambiguous',
  challenge: { error: 'invalid_request', description: 'Send exactly one access token, in one place' },
  close: false,
}
const tokenInvalid = invalidToken('The access token is not valid here')
const tokenExpired: WireError = {
  status: 401,
  code: 'token_expired',
  challenge: { error: 'invalid_token', description: 'The access token has expired' },
  close: false,
}
const bodyTooLarge: WireError = { status: 413, code: 'body_too_large', close: false }
const verificationBudget: WireError = { status: 429, code: 'verification_budget', retryAfterSeconds: 1, close: false }
const keysUnavailable: WireError = { status: 503, code: 'keys_unavailable', retryAfterSeconds: 5, close: false }
const introspectionUnavailable: WireError = {
  status: 503,
  code: 'introspection_unavailable',
  retryAfterSeconds: 1,
  close: false,
}
const upstreamUnavailable: WireError = { status: 502, code: 'upstream_unavailable', close: false }
const loopDetected: WireError = { status: 508, code: 'loop_detected', close: false }
const upstreamTimeout: WireError = { status: 504, code: 'upstream_timeout', close: false }
const notReady: WireError = { status: 503, code: 'gateway_unavailable', retryAfterSeconds: 1, close: true }
const internalError: WireError = { status: 500, code: 'internal_error', close: true }
/** Nobody is left to read it; the status exists in logs only, under the number nginx made usual. */
const callerGone: WireError = { status: 499, code: 'request_invalid', close: true }

/** Headers that say where a request ends or what becomes of its connection (RFC 9112 6, 9). */
const framingHeaders: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection'])

function invalidToken(description: string): WireError {
  return { status: 401, code: 'token_invalid', challenge: { error: 'invalid_token', description }, close: false }
}

/**
 * The public answer to a refusal (RFC 6750 3.1, RFC 9110 15). The status follows the fault's source: caller 4xx,
 * provider or upstream 502, 503 and 504, gateway 500. Only names the configuration itself asks for are said aloud.
 */
export function rejectToWire(reject: Reject): WireError {
  switch (reject.reason) {
    case 'bad_path':
      return requestInvalid
    case 'api_key_ambiguous':
      return requestInvalid
    case 'bad_header':
      return framingHeaders.has(reject.name.toLowerCase()) ? requestUnframed : requestInvalid
    case 'bad_framing':
      return requestUnframed
    case 'headers_too_large':
      return headersTooLarge
    case 'headers_timeout':
    case 'body_timeout':
      return requestTimeout
    case 'misdirected_request':
      return misdirectedRequest
    case 'api_unknown':
      return apiUnknown
    case 'method_not_allowed':
      return { status: 405, code: 'method_not_allowed', allow: reject.allowed, close: false }
    case 'loop_detected':
      return loopDetected
    case 'token_missing':
      return tokenMissing
    case 'token_ambiguous':
      return tokenAmbiguous
    case 'api_key_missing':
      return apiKeyMissing
    case 'api_key_invalid':
    case 'api_key_expired':
      return apiKeyInvalid
    case 'origin_not_allowed':
    // A status outside 200 to 299 fails a preflight too (Fetch 4.8), and says in any log that it was refused.
    case 'preflight_refused':
    case 'application_unidentified':
    case 'not_subscribed':
    case 'application_ambiguous':
    case 'application_inactive':
    case 'policy_unknown':
    case 'no_policy':
    case 'access_denied':
    case 'policy_ended':
      return accessDenied
    // One answer for all of these: a caller who forges tokens must not learn which check stopped the last one.
    case 'token_too_large':
    case 'token_malformed':
    case 'alg_not_allowed':
    case 'typ_mismatch':
    case 'token_kind':
    case 'crit_unknown':
    case 'issuer_untrusted':
    case 'key_unknown':
    case 'signature_invalid':
    case 'token_inactive':
    case 'token_not_yet_valid':
    case 'token_issued_in_future':
    case 'lifetime_too_long':
    case 'audience_mismatch':
    case 'claim_invalid':
    case 'confirmation_required':
      return tokenInvalid
    case 'token_expired':
    case 'token_too_old':
      return tokenExpired
    case 'claim_missing':
    case 'claim_mismatch':
      return invalidToken(`The access token does not carry what this API requires in claim ${reject.claim}`)
    case 'scope_missing':
      return {
        status: 403,
        code: 'scope_missing',
        challenge: {
          error: 'insufficient_scope',
          description: 'The access token lacks a scope this API requires',
          scope: reject.wanted,
        },
        close: false,
      }
    case 'body_too_large':
      return bodyTooLarge
    // The token is genuine and a new one would say the same, so neither 401 nor 502: this caller cannot be served here.
    case 'claim_unsendable':
      return accessDenied
    case 'verification_budget':
      return verificationBudget
    case 'keys_unavailable':
      return keysUnavailable
    case 'introspection_unavailable':
      return introspectionUnavailable
    case 'upstream_refused':
    case 'upstream_invalid':
      return upstreamUnavailable
    case 'upstream_timeout':
      return upstreamTimeout
    case 'caller_slow':
    case 'caller_gone':
      return callerGone
    case 'not_ready':
      return notReady
    case 'internal_error':
      return internalError
  }
}
