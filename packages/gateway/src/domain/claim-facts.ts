import type { Claims, JsonValue } from './claims.ts'
import { checkIdentityText, type IdentityFault } from './identity-text.ts'
import { err, ok, type Result } from './result.ts'

/**
 * What the rules ask about claims on every request and what depends on the claims alone: read once, typed once.
 * A cached token is judged from these few fields without touching its claims again.
 */
export interface ClaimFacts {
  readonly iss: string | undefined
  readonly aud: string | readonly string[] | undefined
  /** Seconds since 1970 (RFC 7519 section 2, NumericDate), below 2^53 in magnitude. */
  readonly exp: number | undefined
  readonly nbf: number | undefined
  readonly iat: number | undefined
  /** The first claim that is to name somebody and cannot (S10). */
  readonly unfit: UnfitIdentity | undefined
  /** The kind of token the claims say this is, when they say so (S1). */
  readonly kind: ClaimedKind | undefined
  /** `nonce` without a claim `typ: Bearer`: an ID token unless the header says `at+jwt` (S1). */
  readonly nonce: boolean
}

export type ClaimedKind = 'ID token' | 'refresh token' | 'offline token' | 'logout token' | 'security event'

export interface UnfitIdentity {
  readonly claim: string
  readonly fault: IdentityFault | 'not_a_text'
}

/** A registered claim of the wrong type (RFC 7519 4.1): refused, never converted. */
export interface ClaimTypeFault {
  readonly claim: string
  readonly fault: 'not_a_text' | 'not_a_time' | 'not_an_audience'
}

/** Reads the facts, or names the first registered claim whose type is wrong. */
export function readClaimFacts(claims: Claims): Result<ClaimFacts, ClaimTypeFault> {
  const { iss, sub, jti, aud, exp, nbf, iat, azp, client_id } = claims
  if (!isText(iss)) return wrong('iss', 'not_a_text')
  if (!isText(sub)) return wrong('sub', 'not_a_text')
  if (!isText(jti)) return wrong('jti', 'not_a_text')
  if (!isAudience(aud)) return wrong('aud', 'not_an_audience')
  if (!isTime(exp)) return wrong('exp', 'not_a_time')
  if (!isTime(nbf)) return wrong('nbf', 'not_a_time')
  if (!isTime(iat)) return wrong('iat', 'not_a_time')
  const unfit =
    findUnfit('iss', iss) ??
    findUnfit('sub', sub) ??
    findUnfit('jti', jti) ??
    findUnfit('azp', azp) ??
    findUnfit('client_id', client_id)
  const typ = lower(claims.typ)
  const nonce = claims.nonce !== undefined && typ !== 'bearer'
  return ok({ iss, aud, exp, nbf, iat, unfit, kind: findKind(claims, typ), nonce })
}

// Keycloak says in a claim `typ` what it signed, in every one of its tokens.
const kindByTyp: ReadonlyMap<string, ClaimedKind> = new Map([
  ['id', 'ID token'],
  ['refresh', 'refresh token'],
  ['offline', 'offline token'],
  ['logout', 'logout token'],
])

// Cognito and Hydra say it in `token_use`, others in `token_type`, where introspection answers have it (RFC 7662 2.2).
const kindByUse: ReadonlyMap<string, ClaimedKind> = new Map([
  ['id', 'ID token'],
  ['id_token', 'ID token'],
  ['urn:ietf:params:oauth:token-type:id_token', 'ID token'],
  ['refresh', 'refresh token'],
  ['refresh_token', 'refresh token'],
  ['urn:ietf:params:oauth:token-type:refresh_token', 'refresh token'],
])

function findKind(claims: Claims, typ: string): ClaimedKind | undefined {
  if (claims.events !== undefined) return 'security event'
  const byWord = kindByTyp.get(typ) ?? kindByUse.get(lower(claims.token_use)) ?? kindByUse.get(lower(claims.token_type))
  if (byWord !== undefined) return byWord
  return claims.at_hash !== undefined || claims.c_hash !== undefined ? 'ID token' : undefined
}

function lower(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}

function findUnfit(claim: string, value: JsonValue | undefined): UnfitIdentity | undefined {
  if (value === undefined) return undefined
  const fault = typeof value === 'string' ? checkIdentityText(value) : 'not_a_text'
  return fault === undefined ? undefined : { claim, fault }
}

function isText(value: JsonValue | undefined): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

const secondsEnd = 2 ** 53

function isTime(value: JsonValue | undefined): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Math.abs(value) < secondsEnd)
}

function isAudience(value: JsonValue | undefined): value is string | readonly string[] | undefined {
  return isText(value) || (Array.isArray(value) && value.every((entry) => typeof entry === 'string'))
}

function wrong(claim: string, fault: ClaimTypeFault['fault']): { readonly ok: false; readonly error: ClaimTypeFault } {
  return err({ claim, fault })
}
