import type { ProblemCode } from '@jotgate/contract'
import type { BearerChallenge, WireError } from './reject-to-wire.ts'

/** An answer of our own, ready for `Reply.send`. */
export interface Refusal {
  readonly status: number
  /** Names (lower case) and values in turn. */
  readonly rawHeaders: string[]
  /** Problem details (RFC 9457) as JSON. To HEAD, `Reply.send` gives its length alone (RFC 9110 8.6). */
  readonly body: string
}

/** What an answer says beside the error itself. */
export interface RefusalContext {
  readonly decisionId: string
  /** Protection space (RFC 9110 11.5): the API's id. Undefined before an API is known. */
  readonly realm: string | undefined
  /** URL of the protected resource metadata (RFC 9728 5.1). */
  readonly resourceMetadataUrl: string | undefined
}

const titles: { readonly [C in ProblemCode]: string } = {
  request_invalid: 'The request is not valid',
  headers_too_large: 'The request headers are too large',
  request_timeout: 'The request came too slowly',
  misdirected_request: 'The connection was made for another host',
  api_unknown: 'No API is found here',
  method_not_allowed: 'The method is not allowed here',
  loop_detected: 'The request came back to the gateway',
  token_missing: 'An access token is required',
  token_ambiguous: 'More than one access token was sent',
  token_invalid: 'The access token is not valid here',
  token_expired: 'The access token has expired',
  api_key_missing: 'An API key is required',
  api_key_invalid: 'The API key is not valid here',
  access_denied: 'Access is denied',
  scope_missing: 'The access token lacks a required scope',
  body_too_large: 'The request body is too large',
  verification_budget: 'Too many tokens that could not be verified',
  keys_unavailable: 'Tokens cannot be verified at the moment',
  introspection_unavailable: 'Tokens cannot be verified at the moment',
  upstream_unavailable: 'The API behind the gateway gave no usable answer',
  upstream_timeout: 'The API behind the gateway did not answer in time',
  gateway_unavailable: 'The gateway is not ready',
  internal_error: 'The gateway failed',
}

/** The body up to the decision id, made once for each code: a flood of refusals costs no serialisation. */
const bodyStarts: ReadonlyMap<ProblemCode, string> = new Map(
  (Object.keys(titles) as ProblemCode[]).map((code) => [
    code,
    `{"type":"urn:jotgate:problem:${code}","title":${JSON.stringify(titles[code])},"code":"${code}"`,
  ]),
)

/** The answer to a refused request: status, headers (RFC 6750 3, RFC 9728 5.1, never cached) and problem+json body. */
export function refusal(error: WireError, context: RefusalContext): Refusal {
  const rawHeaders = [
    'content-type',
    'application/problem+json',
    'cache-control',
    'no-store',
    'jotgate-decision',
    context.decisionId,
  ]
  if (error.challenge !== undefined) rawHeaders.push('www-authenticate', bearerChallenge(error.challenge, context))
  if (error.asksApiKey === true) rawHeaders.push('www-authenticate', apiKeyChallenge(context))
  if (error.retryAfterSeconds !== undefined) rawHeaders.push('retry-after', String(error.retryAfterSeconds))
  if (error.allow !== undefined) rawHeaders.push('allow', error.allow.join(', '))
  const body = `${bodyStarts.get(error.code)},"status":${error.status},"decision":"${context.decisionId}"}`
  return { status: error.status, rawHeaders, body }
}

/** No scheme is registered for API keys, and a 401 names one (RFC 9110 15.5.2). */
function apiKeyChallenge({ realm }: RefusalContext): string {
  return realm === undefined ? 'ApiKey' : `ApiKey realm="${quotable(realm)}"`
}

/** The last text made of each challenge: most challenges are constants, and realm and metadata those of one API. */
const madeChallenges = new WeakMap<BearerChallenge, { readonly context: RefusalContext; readonly text: string }>()

function bearerChallenge(challenge: BearerChallenge, context: RefusalContext): string {
  const made = madeChallenges.get(challenge)
  const { realm, resourceMetadataUrl } = context
  if (made !== undefined && made.context.realm === realm && made.context.resourceMetadataUrl === resourceMetadataUrl) {
    return made.text
  }
  const text = writeChallenge(challenge, context)
  madeChallenges.set(challenge, { context, text })
  return text
}

function writeChallenge(challenge: BearerChallenge, context: RefusalContext): string {
  const parameters: string[] = []
  if (context.realm !== undefined) parameters.push(`realm="${quotable(context.realm)}"`)
  if (challenge.error !== undefined) parameters.push(`error="${challenge.error}"`)
  if (challenge.description !== undefined) parameters.push(`error_description="${quotable(challenge.description)}"`)
  const scope = challenge.scope?.filter(isScopeToken).join(' ')
  if (scope !== undefined && scope !== '') parameters.push(`scope="${scope}"`)
  if (context.resourceMetadataUrl !== undefined) {
    parameters.push(`resource_metadata="${quotableUrl(context.resourceMetadataUrl)}"`)
  }
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`
}

/** A name a challenge may list: `scope-token` of RFC 6749 3.3, so no space, quote, backslash or control character. */
function isScopeToken(text: string): boolean {
  return text !== '' && [...text].every((character) => character !== ' ' && quotable(character) === character)
}

/** Text for inside quotes, in the characters RFC 6750 3 allows there; anything else becomes `?`. */
function quotable(text: string): string {
  let out = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    out += code >= 0x20 && code <= 0x7e && code !== 0x22 && code !== 0x5c ? character : '?'
  }
  return out
}

/** A URL for inside quotes: what may not stand there is percent-encoded (RFC 3986 2.1). */
function quotableUrl(url: string): string {
  let out = ''
  for (const byte of Buffer.from(url, 'utf8')) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    out += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}
