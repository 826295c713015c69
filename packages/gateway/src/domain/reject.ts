/**
 * Why a request was refused: the caller's or the upstream's fault, precisely. Rich inside, mute outside: log,
 * metrics and traces carry the reason, `proxy/reject-to-wire` decides the few codes a caller sees.
 * `rule` is the path of the configuration line that asked for the check.
 */
export type Reject =
  // 1 readRequest
  | { readonly reason: 'bad_path'; readonly fault: PathFault }
  | { readonly reason: 'bad_header'; readonly name: string; readonly fault: HeaderFault }
  | { readonly reason: 'bad_framing'; readonly fault: string }
  | { readonly reason: 'headers_too_large' }
  | { readonly reason: 'headers_timeout'; readonly timeoutMs: number; readonly rule: string }
  | { readonly reason: 'misdirected_request' }
  // 2 matchApi
  | { readonly reason: 'api_unknown' }
  | { readonly reason: 'method_not_allowed'; readonly allowed: readonly string[]; readonly rule: string }
  | { readonly reason: 'loop_detected' }
  // 2b answerPreflight
  | {
      readonly reason: 'preflight_refused'
      /** What of the question is not allowed here, and the caller's own word for it. */
      readonly part: 'origin' | 'method' | 'header'
      readonly asked: string
      readonly rule: string
    }
  // 3 extractToken
  | { readonly reason: 'token_missing'; readonly rule: string }
  | { readonly reason: 'token_ambiguous'; readonly places: readonly string[]; readonly rule: string }
  | { readonly reason: 'token_too_large'; readonly bytes: number; readonly bytesMax: number }
  | { readonly reason: 'origin_not_allowed'; readonly rule: string }
  | { readonly reason: 'api_key_ambiguous'; readonly place: string; readonly rule: string }
  // 5 parseToken
  | { readonly reason: 'token_malformed'; readonly fault: TokenFault }
  | { readonly reason: 'alg_not_allowed'; readonly alg: string; readonly rule: string }
  | { readonly reason: 'typ_mismatch'; readonly typ: string; readonly wanted: string; readonly rule: string }
  | { readonly reason: 'token_kind'; readonly kind: string; readonly rule: string }
  | { readonly reason: 'crit_unknown' }
  // 6 selectTrust
  | { readonly reason: 'issuer_untrusted'; readonly iss: string | undefined; readonly rule: string }
  // 7 findKey
  | { readonly reason: 'key_unknown'; readonly kid: string | undefined; readonly rule: string }
  | { readonly reason: 'keys_unavailable'; readonly issuerId: string; readonly rule: string }
  // 8 verifySignature
  | { readonly reason: 'signature_invalid'; readonly rule: string }
  | { readonly reason: 'verification_budget'; readonly scope: 'address' | 'issuer'; readonly rule: string }
  | { readonly reason: 'token_inactive'; readonly rule: string }
  | { readonly reason: 'introspection_unavailable'; readonly issuerId: string; readonly rule: string }
  // 9 checkClaims
  | {
      readonly reason: 'token_expired'
      readonly expSeconds: number
      readonly nowSeconds: number
      readonly skewSeconds: number
      /** False when the unverified `exp` was enough to refuse before any crypto (S8). */
      readonly signatureChecked: boolean
      readonly rule: string
    }
  | {
      readonly reason: 'token_not_yet_valid'
      readonly nbfSeconds: number
      readonly nowSeconds: number
      readonly skewSeconds: number
      readonly rule: string
    }
  | {
      readonly reason: 'token_issued_in_future'
      readonly iatSeconds: number
      readonly nowSeconds: number
      readonly skewSeconds: number
      readonly rule: string
    }
  | {
      readonly reason: 'lifetime_too_long'
      readonly lifetimeSeconds: number
      readonly maxLifetimeSeconds: number
      readonly rule: string
    }
  | { readonly reason: 'audience_mismatch'; readonly wanted: readonly string[]; readonly rule: string }
  | { readonly reason: 'claim_missing'; readonly claim: string; readonly rule: string }
  | { readonly reason: 'claim_invalid'; readonly claim: string; readonly fault: string }
  | { readonly reason: 'claim_mismatch'; readonly claim: string; readonly wanted: string; readonly rule: string }
  // 10 bindHead
  | { readonly reason: 'confirmation_required'; readonly methods: readonly string[] }
  // 12 identify
  | { readonly reason: 'api_key_missing'; readonly place: string; readonly rule: string }
  | { readonly reason: 'api_key_invalid'; readonly fault: ApiKeyFault; readonly rule: string }
  | {
      readonly reason: 'api_key_expired'
      readonly application: string
      readonly key: string
      readonly untilMs: number
      readonly rule: string
    }
  | { readonly reason: 'application_unidentified'; readonly rule: string }
  | { readonly reason: 'not_subscribed'; readonly application: string; readonly rule: string }
  | { readonly reason: 'application_ambiguous'; readonly applications: readonly string[]; readonly rule: string }
  | {
      readonly reason: 'application_inactive'
      readonly application: string
      readonly status: 'suspended' | 'pending'
      readonly rule: string
    }
  // 13 resolvePolicy
  | { readonly reason: 'policy_unknown'; readonly policy: string; readonly rule: string }
  | { readonly reason: 'no_policy'; readonly rule: string }
  // 14 authorize
  | { readonly reason: 'access_denied'; readonly policies: readonly string[]; readonly rule: string }
  | { readonly reason: 'policy_ended'; readonly policy: string; readonly untilMs: number; readonly rule: string }
  | {
      readonly reason: 'token_too_old'
      readonly ageSeconds: number
      readonly maxAgeSeconds: number
      readonly rule: string
    }
  | { readonly reason: 'scope_missing'; readonly wanted: readonly string[]; readonly rule: string }
  // 16 limitBody
  | {
      readonly reason: 'body_too_large'
      /** As announced; undefined: it was counted. */
      readonly bytes: number | undefined
      readonly bytesMax: number
      readonly rule: string
    }
  // 18 shapeUpstream
  | { readonly reason: 'claim_unsendable'; readonly claim: string; readonly header: string; readonly rule: string }
  // 19 forward
  | { readonly reason: 'upstream_refused'; readonly fault: string }
  | {
      readonly reason: 'upstream_timeout'
      readonly phase: 'connect' | 'response'
      readonly timeoutMs: number
      readonly rule: string
    }
  | { readonly reason: 'upstream_invalid'; readonly fault: string }
  | { readonly reason: 'body_timeout'; readonly bytesPerSecond: number; readonly rule: string }
  | { readonly reason: 'caller_slow'; readonly bytesPerSecond: number; readonly rule: string }
  | { readonly reason: 'caller_gone' }
  // any step
  | { readonly reason: 'not_ready' }
  | { readonly reason: 'internal_error' }

export type Reason = Reject['reason']

export type PathFault =
  | 'not_origin_form'
  | 'invalid_percent'
  | 'dot_segment'
  | 'encoded_slash'
  | 'backslash'
  | 'control_byte'
  | 'non_ascii'
  | 'empty_segment'
  | 'parameter'
  | 'fragment'
  | 'too_long'
  /** A more liberal server would read a path that other rules hold for. */
  | 'ambiguous'

/** No key could look so; one of ours with a slip in it; or nobody's. */
export type ApiKeyFault = 'malformed' | 'damaged' | 'unknown'

export type HeaderFault = 'missing' | 'duplicate' | 'invalid'

export type TokenFault =
  | 'empty'
  | 'not_three_parts'
  | 'encrypted'
  | 'base64url'
  | 'header_json'
  | 'header_member'
  | 'embedded_key'
  | 'unencoded_payload'
  | 'alg_missing'
  | 'payload_json'
  | 'claim_type'
  | 'signature_length'
  | 'double_encoded'
