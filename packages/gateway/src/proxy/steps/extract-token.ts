import type { TokenPlace } from '../../compile/plan.ts'
import type { CompiledApi } from '../../compile/snapshot.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { credentialsStart } from '../head/auth-scheme.ts'
import { findCookie } from '../head/cookie-crumbs.ts'
import { isToken68 } from '../head/header-value.ts'
import { headerValues } from '../head/header-values.ts'
import { decodeQueryValue, findQueryParameter } from '../head/query-parameter.ts'
import type { ExtractedToken, RequestHead } from '../head/request-head.ts'

/** RFC 6750 2.3: where clients and upstreams look for a token whether or not it is configured. */
const knownParameter = 'access_token'

/**
 * Step 3: the one token of the request. A place is a header (with a scheme in any case and one or more spaces, or
 * without), a query parameter or a cookie. Refused: none; more than one, in two places or twice in one, known places
 * that are not configured included (`Authorization: Bearer` and `access_token` in the query, S17); one longer than the
 * API allows; one with characters no token has; a cookie's on an unsafe method or an upgrade from a foreign origin. Another scheme
 * than the configured one, `DPoP` too (S2), is no token here: `token_missing`.
 */
export function extractToken(head: RequestHead, api: CompiledApi): Result<ExtractedToken, Reject> {
  const { access, rule } = api.plan
  // A public API whose route asks for a token has no place for one: nobody gets through (house rule 1).
  if (access.kind === 'public') return err({ reason: 'token_missing', rule: `${rule}.access` })
  let token: string | undefined
  let place: TokenPlace | undefined
  for (const candidate of access.tokenPlaces) {
    const found = tokensAt(head, candidate)
    if (found === undefined) continue
    if (token !== undefined || typeof found !== 'string') return ambiguous(api)
    token = found
    place = candidate
  }
  if (token === undefined || place === undefined) return err({ reason: 'token_missing', rule: `${rule}.access.token` })
  if (hasStrayToken(head, access.tokenPlaces)) return ambiguous(api)
  if (token.length > access.tokenBytesMax) {
    return err({ reason: 'token_too_large', bytes: token.length, bytesMax: access.tokenBytesMax })
  }
  if (place.kind === 'query') token = decodeQueryValue(token) ?? '%'
  if (token === '') return err({ reason: 'token_malformed', fault: 'empty' })
  if (!hasTokenForm(token, api)) return err({ reason: 'token_malformed', fault: 'base64url' })
  const upgrades = head.webSocketKey !== undefined && api.plan.websocket !== undefined
  if (place.kind === 'cookie' && !isOwnOrigin(head, place.origins, upgrades)) {
    return err({ reason: 'origin_not_allowed', rule: `${rule}.access.token` })
  }
  return ok({ token, place })
}

/**
 * Whether a request without a token shows something that whoever reads it may take for one: anything where tokens are
 * looked for, or where clients and upstreams know to look. It is no request of somebody who brings none.
 */
export function showsToken(head: RequestHead, { plan: { access } }: CompiledApi): boolean {
  const places = access.kind === 'public' ? [] : access.tokenPlaces
  if (hasStrayToken(head, places) || places.some((place) => isFilled(head, place))) return true
  return head.authorization !== undefined && credentialsStart(head.authorization, 'dpop') !== -1
}

function isFilled(head: RequestHead, place: TokenPlace): boolean {
  if (place.kind === 'header') return headerValues(head.rawHeaders, place.name).length > 0
  return tokensAt(head, place) !== undefined
}

/** The token at a place; a list when there are several; undefined when there is none. */
function tokensAt(head: RequestHead, place: TokenPlace): string | readonly string[] | undefined {
  if (place.kind === 'query') return single(findQueryParameter(head.query, place.name))
  if (place.kind === 'cookie')
    return head.cookie === undefined ? undefined : single(findCookie(head.cookie, place.name))
  if (place.name !== 'authorization') {
    const values = headerValues(head.rawHeaders, place.name)
    const { scheme } = place
    return single(scheme === undefined ? values : values.flatMap((value) => credentials(value, scheme) ?? []))
  }
  const value = head.authorization
  return value === undefined || place.scheme === undefined ? value : credentials(value, place.scheme)
}

function credentials(value: string, scheme: string): string | undefined {
  const start = credentialsStart(value, scheme)
  return start === -1 ? undefined : value.slice(start)
}

function single(values: readonly string[]): string | readonly string[] | undefined {
  return values.length > 1 ? values : values[0]
}

/** A second token where clients and upstreams know to look: who reads it would see another caller than we did. */
function hasStrayToken(head: RequestHead, places: readonly TokenPlace[]): boolean {
  if (head.query !== '' && !places.some((place) => place.kind === 'query' && place.name === knownParameter)) {
    if (findQueryParameter(head.query, knownParameter).length > 0) return true
  }
  if (head.authorization === undefined) return false
  return !places.some(takesBearer) && credentialsStart(head.authorization, 'bearer') !== -1
}

/** Whether a place reads `Authorization: Bearer`: one for another scheme leaves it to the upstream. */
function takesBearer(place: TokenPlace): boolean {
  return place.kind === 'header' && place.name === 'authorization' && (place.scheme ?? 'bearer') === 'bearer'
}

/**
 * RFC 6750 2.1: a token is a token68. Of a token with a JWT's two dots the strict parser or the equality with one it
 * took says more, and it is not scanned twice - unless the API may send it to an introspection endpoint instead.
 */
function hasTokenForm(token: string, api: CompiledApi): boolean {
  const dot = token.indexOf('.', token.indexOf('.') + 1)
  return (dot > 0 && api.introspecting.length === 0) || isToken68(token)
}

/**
 * S17: a cookie comes by itself, so an unsafe method must come from where the operator said, or from the same origin. So
 * must a WebSocket handshake, which any page may send although it reads what comes back; it names its `Origin` (S16).
 */
function isOwnOrigin(head: RequestHead, origins: readonly string[], upgrades: boolean): boolean {
  if (upgrades && head.origin === undefined) return false
  if (!upgrades && (head.method === 'GET' || head.method === 'HEAD' || head.method === 'OPTIONS')) return true
  return head.secFetchSite === 'same-origin' || (head.origin !== undefined && origins.includes(head.origin))
}

function ambiguous(api: CompiledApi): Result<never, Reject> {
  const { access, rule } = api.plan
  const configured = access.kind === 'public' ? [] : access.tokenPlaces
  const places = configured.map((place) => `${place.kind} ${place.name}`)
  return err({ reason: 'token_ambiguous', places, rule: `${rule}.access.token` })
}
