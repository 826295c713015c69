import type { ClaimedKind, ClaimFacts } from './claim-facts.ts'
import type { JsonValue } from './claims.ts'
import type { UnverifiedToken } from './token.ts'

/** What an issuer entry takes: `accept` in its configuration. */
export type AcceptedKind = 'accessToken' | 'rfc9068' | 'idToken'

/** A token of another kind, by its header or by its own claims. */
export type KindFault =
  | { readonly reason: 'typ_mismatch'; readonly typ: string; readonly wanted: string }
  | { readonly reason: 'token_kind'; readonly kind: ClaimedKind }

const wantedTyp: { readonly [accept in AcceptedKind]: string } = {
  accessToken: 'JWT, at+jwt or no typ',
  rfc9068: 'at+jwt',
  idToken: 'JWT or no typ',
}

/**
 * Whether a token is of the kind an issuer entry takes (S1), so that what a provider signs for another purpose is
 * not taken for an access token (RFC 8725 3.11, 3.12). `typ` decides first, then what the claims say.
 */
export function checkTokenKind(token: UnverifiedToken, accept: AcceptedKind): KindFault | undefined {
  const { typ, facts } = token
  if (!isTypAccepted(typ, accept)) return { reason: 'typ_mismatch', typ: typ ?? '', wanted: wantedTyp[accept] }
  return kindFault(facts.kind ?? (facts.nonce && typ !== 'at+jwt' ? 'ID token' : undefined), accept)
}

/**
 * The same for what an introspection endpoint answered (RFC 7662 2.2), which has no header: a provider calls refresh and
 * ID tokens active too. `tokenType: Bearer` says as much as `at+jwt` does.
 */
export function checkIntrospectedKind(
  facts: ClaimFacts,
  tokenType: JsonValue | undefined,
  accept: AcceptedKind,
): KindFault | undefined {
  const isBearer = typeof tokenType === 'string' && tokenType.toLowerCase() === 'bearer'
  return kindFault(facts.kind ?? (facts.nonce && !isBearer ? 'ID token' : undefined), accept)
}

function kindFault(kind: ClaimedKind | undefined, accept: AcceptedKind): KindFault | undefined {
  if (kind === undefined || (kind === 'ID token' && accept === 'idToken')) return undefined
  return { reason: 'token_kind', kind }
}

function isTypAccepted(typ: string | undefined, accept: AcceptedKind): boolean {
  if (typ === 'at+jwt') return accept !== 'idToken'
  return accept !== 'rfc9068' && (typ === undefined || typ === 'jwt')
}
