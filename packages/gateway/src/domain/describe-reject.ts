import type { TokenSummary } from './decision.ts'
import type { ApiKeyFault, PathFault, Reason, Reject, TokenFault } from './reject.ts'

/** A refusal in plain words, for operators only: callers never see it. */
export interface RejectDescription {
  /** What the failing check saw. Values of registered claims may appear, of no others. */
  readonly seen: string
  /** What it wanted. */
  readonly wanted: string
  /** What usually helps. */
  readonly hint: string
}

const pathFaults: { readonly [F in PathFault]: string } = {
  not_origin_form: 'a request target that is not a path',
  invalid_percent: 'a % that two hexadecimal digits do not follow',
  dot_segment: 'a segment . or ..',
  encoded_slash: 'an encoded slash (%2F)',
  backslash: 'a backslash, plain or encoded',
  control_byte: 'a control character, plain or encoded',
  non_ascii: 'a byte outside ASCII',
  empty_segment: 'an empty segment (//)',
  parameter: 'a path parameter (;)',
  fragment: 'a fragment (#)',
  too_long: 'a path that is too long',
  ambiguous: 'a path that meets other rules once a more liberal server decodes it',
}

/** Forms that `listen.allow` may let through. */
const allowable: ReadonlySet<PathFault> = new Set(['encoded_slash', 'empty_segment', 'parameter'])

const tokenFaults: { readonly [F in TokenFault]: string } = {
  empty: 'an empty token',
  not_three_parts: 'something that is not three parts with dots between them',
  encrypted: 'five parts: an encrypted token (JWE)',
  base64url: 'a part that is not canonical base64url',
  header_json: 'a header that is not one strict JSON object',
  header_member: 'a header member of the wrong type',
  embedded_key: 'a key, or a link to one, inside the token',
  unencoded_payload: 'an unencoded payload (b64)',
  alg_missing: 'a header without alg',
  payload_json: 'a payload that is not one strict JSON object',
  claim_type: 'a registered claim of the wrong type',
  signature_length: 'a signature whose length does not fit its algorithm and key',
  double_encoded: 'a token that was encoded twice',
}

const apiKeyFaults: { readonly [F in ApiKeyFault]: string } = {
  malformed: 'something that is no API key',
  damaged: 'an API key with a slip in it: its checksum does not fit',
  unknown: 'an API key nobody registered here',
}

function words(list: readonly string[]): string {
  return list.length === 0 ? 'nothing' : list.join(', ')
}

function time(seconds: number): string {
  const ms = seconds * 1000
  // Outside these bounds toISOString throws (ECMA-262 21.4.1.1), and a claim may hold any number.
  return Math.abs(ms) <= 8.64e15 ? `${new Date(ms).toISOString()} (${seconds})` : String(seconds)
}

function claimSeen(claim: string, token: TokenSummary | undefined): string {
  const shown = token?.claims[claim]
  return shown === undefined ? `claim ${claim}` : `claim ${claim}: ${shown}`
}

/** What a claim names is shown where it could be an id: it may be an address instead (S23). */
function policySeen(policy: string): string {
  return isPolicyId.test(policy) ? `policy ${policy}` : `a text of ${policy.length} characters, which is no policy id`
}

const isPolicyId = /^[a-z0-9][a-z0-9-]{0,63}$/

/** One entry for each reason: a new arm of `Reject` without words is a compile error. */
const descriptions: {
  readonly [R in Reason]: (
    reject: Extract<Reject, { readonly reason: R }>,
    token: TokenSummary | undefined,
  ) => RejectDescription
} = {
  bad_path: (reject) => ({
    seen: pathFaults[reject.fault],
    wanted: 'a path every server reads the same way',
    hint: allowable.has(reject.fault)
      ? 'Send the plain path; if the upstream needs this form, allow it with listen.allow on the API.'
      : 'Send the plain path; no setting lets this form through.',
  }),
  bad_header: (reject) => ({
    seen: `header ${reject.name}: ${reject.fault}`,
    wanted: 'every header this gateway decides by once at most, and in valid form',
    hint: 'Look at the client or the proxy in front: one of them adds or repeats this header.',
  }),
  bad_framing: (reject) => ({
    seen: reject.fault,
    wanted: 'a request whose length is stated once and without doubt (RFC 9112 6.3)',
    hint: 'Send either Content-Length or Transfer-Encoding: chunked, never both, never twice.',
  }),
  headers_too_large: () => ({
    seen: 'more or larger headers than the gateway reads',
    wanted: 'at most 100 headers within the size limit',
    hint: 'Large cookies are the usual cause.',
  }),
  headers_timeout: (reject) => ({
    seen: `a request whose head was not there after ${reject.timeoutMs} ms`,
    wanted: 'a head that comes in one go',
    hint: 'Seldom a client at fault: a scanner, a lost connection, or somebody who holds connections open on purpose.',
  }),
  misdirected_request: () => ({
    seen: 'a Host or :authority that another certificate answers to than the one the connection was made for',
    wanted: 'a host the certificate of this connection covers (RFC 9110 7.4)',
    hint: 'A client that reuses connections across hosts, or a proxy that sets SNI and Host apart.',
  }),
  api_unknown: () => ({
    seen: 'a host and path no API listens on',
    wanted: 'a path below one of the configured listen paths',
    hint: 'Compare with `jotgate config show`; /orders takes /orders and /orders/x, never /ordersx.',
  }),
  method_not_allowed: (reject) => ({
    seen: 'a method this API does not let through',
    wanted: words(reject.allowed),
    hint: 'Name the method in `methods` of the API if the upstream shall get it.',
  }),
  loop_detected: () => ({
    seen: "this gateway's own name in Via",
    wanted: 'a request that was not here before',
    hint: 'A target leads back to this gateway, directly or through another proxy: look at `upstream.targets`.',
  }),
  preflight_refused: (reject) => ({
    seen: `a page that asks for ${reject.part} ${reject.asked}`,
    wanted: `an origin, a method and headers that \`cors\` of the API lists`,
    hint: 'Add it there if the page belongs to you; origins are compared character by character.',
  }),
  token_missing: () => ({
    seen: 'no token in any of the places this API looks at',
    wanted: 'one token',
    hint: 'Send it where access.token says, by default as Authorization: Bearer <token>.',
  }),
  token_ambiguous: (reject) => ({
    seen: `tokens in ${words(reject.places)}`,
    wanted: 'exactly one token in one place',
    hint: 'Remove all but one; a known token place that is not configured counts too.',
  }),
  token_too_large: (reject) => ({
    seen: `${reject.bytes} bytes`,
    wanted: `at most ${reject.bytesMax} bytes`,
    hint: 'Make the provider put less into the token, or raise access.tokenBytesMax.',
  }),
  origin_not_allowed: () => ({
    seen: 'an unsafe method or a WebSocket with a cookie token and an Origin that is not allowed, or none',
    wanted: 'an allowed Origin, or Sec-Fetch-Site: same-origin',
    hint: "List the page's origin under the cookie's `origins`.",
  }),
  api_key_ambiguous: (reject) => ({
    seen: `several API keys in ${reject.place}`,
    wanted: 'one API key',
    hint: 'Look at the client or the proxy in front: one of them adds or repeats it.',
  }),
  token_malformed: (reject) => ({
    seen: tokenFaults[reject.fault],
    wanted: 'a compact JWS: three parts of base64url, strict JSON inside (RFC 7515 3.1)',
    hint: 'Look at how the client stores and sends the token: quotes, line breaks and cut ends are usual.',
  }),
  alg_not_allowed: (reject) => ({
    seen: `alg ${reject.alg}`,
    wanted: 'an algorithm the issuer entry accepts',
    hint: 'Name it in `algorithms` of the issuer only if the provider really signs with it.',
  }),
  typ_mismatch: (reject) => ({
    seen: `typ ${reject.typ}`,
    wanted: reject.wanted,
    hint: 'The client sends a token of another kind; see `accept` of the issuer.',
  }),
  token_kind: (reject) => ({
    seen: `a token that says it is: ${reject.kind}`,
    wanted: 'an access token',
    hint: 'Send the access token; `accept: idToken` serves providers whose clients send ID tokens.',
  }),
  crit_unknown: () => ({
    seen: 'a crit header that names an extension',
    wanted: 'no extension that must be understood (RFC 7515 4.1.11)',
    hint: 'Jotgate implements none; make the provider leave it out.',
  }),
  issuer_untrusted: (reject) => ({
    seen: reject.iss === undefined ? 'no iss' : `iss ${reject.iss}`,
    wanted: 'the exact iss of an issuer listed on this API',
    hint: 'Compare character by character: scheme, host, a slash at the end.',
  }),
  key_unknown: (reject) => ({
    seen: reject.kid === undefined ? 'no kid, and no key that fits' : `kid ${reject.kid}`,
    wanted: "one of the issuer's keys, of the algorithm's type",
    hint: 'See `jotgate keys status`; after a rotation `jotgate keys refresh` fetches at once.',
  }),
  keys_unavailable: (reject) => ({
    seen: `no usable keys of issuer ${reject.issuerId}`,
    wanted: 'a key set fetched within its bound',
    hint: 'See `jotgate keys status` for the error of the last fetch.',
  }),
  signature_invalid: () => ({
    seen: 'a signature the key does not confirm',
    wanted: "a signature made with the issuer's key over exactly these bytes",
    hint: 'Wrong secret or key, a changed token, or two systems that share one kid.',
  }),
  verification_budget: (reject) => ({
    seen: `too many failed checks for this ${reject.scope}`,
    wanted: 'fewer than gateway.verificationBudget allows in a second',
    hint: 'Find the client that sends bad tokens; tokens that already passed are still served.',
  }),
  token_inactive: () => ({
    seen: 'the provider answered that the token is not active',
    wanted: 'active: true (RFC 7662 2.2)',
    hint: 'Expired, revoked, or issued for another client.',
  }),
  introspection_unavailable: (reject) => ({
    seen: `no usable answer from the introspection endpoint of issuer ${reject.issuerId}`,
    wanted: 'an answer within introspection.timeout',
    hint: 'Check the endpoint and the client credentials; the log names the error.',
  }),
  token_expired: (reject) => ({
    seen: `exp ${time(reject.expSeconds)}${reject.signatureChecked ? '' : '; signature not checked'}`,
    wanted: `exp after ${time(reject.nowSeconds)}, less ${reject.skewSeconds} s of skew`,
    hint: 'Fetch a new token; if it is new, compare the clocks.',
  }),
  token_not_yet_valid: (reject) => ({
    seen: `nbf ${time(reject.nbfSeconds)}`,
    wanted: `nbf not after ${time(reject.nowSeconds)}, with ${reject.skewSeconds} s of skew`,
    hint: "Compare the provider's clock with this machine's.",
  }),
  token_issued_in_future: (reject) => ({
    seen: `iat ${time(reject.iatSeconds)}`,
    wanted: `iat not after ${time(reject.nowSeconds)}, with ${reject.skewSeconds} s of skew`,
    hint: "Compare the provider's clock with this machine's.",
  }),
  lifetime_too_long: (reject) => ({
    seen: `a lifetime of ${reject.lifetimeSeconds} s`,
    wanted: `at most ${reject.maxLifetimeSeconds} s between iat and exp`,
    hint: 'Shorten it at the provider, or raise maxLifetime of the issuer.',
  }),
  audience_mismatch: (reject, token) => ({
    seen: token?.claims.aud === undefined ? 'an aud without any wanted value, or none' : `aud ${token.claims.aud}`,
    wanted: `one of: ${words(reject.wanted)}`,
    hint: 'Ask the provider for a token for this API (its audience or resource), or correct `audiences`.',
  }),
  claim_missing: (reject) => ({
    seen: `no claim ${reject.claim}`,
    wanted: `claim ${reject.claim}`,
    hint: 'Have the provider add it (a mapper, a scope), or drop the requirement.',
  }),
  claim_invalid: (reject) => ({
    seen: `claim ${reject.claim}: ${reject.fault}`,
    wanted: 'the type RFC 7519 section 4.1 gives this claim',
    hint: 'The provider writes it wrongly; times are numbers of seconds, not texts.',
  }),
  claim_mismatch: (reject, token) => ({
    seen: claimSeen(reject.claim, token),
    wanted: reject.wanted,
    hint: 'The token is genuine, its claim does not satisfy the rule of this API.',
  }),
  confirmation_required: (reject) => ({
    seen: `a token bound to its sender by ${words(reject.methods)}`,
    wanted: 'the proof of possession, which is not checked on this API',
    hint: 'Have the provider issue plain bearer tokens for this client.',
  }),
  api_key_missing: (reject) => ({
    seen: `no API key in ${reject.place}`,
    wanted: 'the API key of an application',
    hint: 'Have one registered (`jotgate keys api`), and send it where `identify.apiKey` says.',
  }),
  api_key_invalid: (reject) => ({
    seen: apiKeyFaults[reject.fault],
    wanted: 'the API key of an application',
    hint: 'A key of another environment, one that was removed, or one that was hashed on another installation.',
  }),
  api_key_expired: (reject) => ({
    seen: `key ${reject.key} of application ${reject.application}, which ended ${time(reject.untilMs / 1000)}`,
    wanted: 'a key that holds now',
    hint: 'Give the application a new key (`jotgate keys api`), then take this one out.',
  }),
  application_unidentified: () => ({
    seen: 'a good token that matches no claim set of any application',
    wanted: 'an application known by claims of this token',
    hint: 'Compare the claims below with `claims` of the application: issuer, names and exact values.',
  }),
  not_subscribed: (reject) => ({
    seen: `application ${reject.application}`,
    wanted: 'an application that subscribed to this API',
    hint: 'Add the API to its `subscriptions` if it shall call it.',
  }),
  application_ambiguous: (reject) => ({
    seen: `a token that is as much one application's as another's: ${words(reject.applications)}`,
    wanted: 'claims that name one application',
    hint: 'Give the claim set of one of them a claim more; `jotgate check` warns of such pairs.',
  }),
  application_inactive: (reject) => ({
    seen: `application ${reject.application}, which is ${reject.status}`,
    wanted: 'status: active',
    hint: 'Ask its owner, or whoever suspended it; `status` of the application says it.',
  }),
  policy_unknown: (reject) => ({
    seen: policySeen(reject.policy),
    wanted: 'the id of a policy under `policies`',
    hint: 'Add the policy, or correct what the provider writes; a default never stands in for a policy that is missing.',
  }),
  no_policy: () => ({
    seen: 'a token that names no policy and has no scope that adds one',
    wanted: 'a policy',
    hint: 'Have the provider name one in the claim `policy.claim`, or write `policy.default`.',
  }),
  access_denied: (reject) => ({
    seen: `policies: ${words(reject.policies)}`,
    wanted: 'a right on this API, method and path',
    hint: 'Add it to `access` of a policy this caller has, or give the caller another policy.',
  }),
  policy_ended: (reject) => ({
    seen: `policy ${reject.policy}, which ended ${time(reject.untilMs / 1000)}`,
    wanted: 'a policy that holds now',
    hint: 'Move `validUntil` of the policy, or give the caller another one.',
  }),
  token_too_old: (reject) => ({
    seen: `a token of ${reject.ageSeconds} s`,
    wanted: `one of at most ${reject.maxAgeSeconds} s`,
    hint: 'Fetch a new token: `maxTokenAge` of the policy counts from `iat`, whatever `exp` says.',
  }),
  scope_missing: (reject, token) => ({
    seen: claimSeen('scope', token),
    wanted: words(reject.wanted),
    hint: 'Request the scope when the token is fetched, and check that the provider grants it to this client.',
  }),
  body_too_large: (reject) => ({
    seen: reject.bytes === undefined ? `more than ${reject.bytesMax} bytes` : `${reject.bytes} bytes`,
    wanted: `a body of at most ${reject.bytesMax} bytes`,
    hint: 'Raise `bodyBytesMax` of the API if the upstream shall get such bodies.',
  }),
  claim_unsendable: (reject) => ({
    seen: `claim ${reject.claim}: a value that cannot go into header ${reject.header}`,
    wanted: 'printable ASCII, within the length limit',
    hint: 'Write `unprintable: encode` for this header, if the upstream decodes percent-encoding.',
  }),
  upstream_refused: (reject) => ({
    seen: reject.fault,
    wanted: 'a connection to one of the targets',
    hint: 'See whether the upstream is running, its address is right and its certificate is one `upstream.tls` trusts.',
  }),
  upstream_timeout: (reject) => ({
    seen: `nothing within ${reject.timeoutMs} ms`,
    wanted: reject.phase === 'connect' ? 'a connection' : 'the head, or the next piece, of the answer',
    hint: 'A slow upstream; connectTimeout and responseTimeout of the API set the bound.',
  }),
  upstream_invalid: (reject) => ({
    seen: reject.fault,
    wanted: 'a valid HTTP answer',
    hint: 'The upstream broke off or broke the protocol; ask it directly with `curl -v`.',
  }),
  body_timeout: (reject) => ({
    seen: `a body that came more slowly than ${reject.bytesPerSecond} bytes a second`,
    wanted: 'a caller who sends what it announced',
    hint: 'A lost connection, or a client that opens the request before it has the content; see `gateway.limits`.',
  }),
  caller_slow: (reject) => ({
    seen: `an answer that was taken more slowly than ${reject.bytesPerSecond} bytes a second`,
    wanted: 'a caller who reads the answer it asked for',
    hint: 'A lost connection, or a client that stopped reading; see `gateway.limits`.',
  }),
  caller_gone: () => ({
    seen: 'the caller closed the connection',
    wanted: 'a caller who waits for the answer',
    hint: "Usually the client's own time-out, or a user who went away.",
  }),
  not_ready: () => ({
    seen: 'a worker without a configuration, or one that is stopping',
    wanted: 'a worker in service',
    hint: 'Ask /readyz; send traffic only where it answers 200.',
  }),
  internal_error: () => ({
    seen: 'a fault of the gateway itself',
    wanted: 'none',
    hint: 'The log has the error under the same decision id; please report it.',
  }),
}

/**
 * Says what a refusal saw, wanted and what usually helps. `token`: the summary kept with the decision, if any.
 * The strings may hold what the caller sent: whoever prints them escapes them.
 */
export function describeReject(reject: Reject, token?: TokenSummary): RejectDescription {
  // TypeScript does not connect the key with the argument: the table's own type is what guarantees the pair.
  const describe = descriptions[reject.reason] as (reject: Reject, token: TokenSummary | undefined) => RejectDescription
  return describe(reject, token)
}
