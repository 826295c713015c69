import type { Claims } from './claims.ts'
import type { UnverifiedToken } from './token.ts'

/** What an issuer entry takes: `accept` in its configuration. */
export type AcceptedKind = 'accessToken' | 'rfc9068' | 'idToken'

/** A token of another kind, by its header or by its own claims. */
export type KindFault =
  | { readonly reason: 'typ_mismatch'; readonly typ: string; readonly wanted: string }
  | { readonly reason: 'token_kind'; readonly kind: string }

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
  const { typ, claims } = token
  if (!isTypAccepted(typ, accept)) return { reason: 'typ_mismatch', typ: typ ?? '', wanted: wantedTyp[accept] }
  const kind = findOtherKind(claims) ?? (accept === 'idToken' ? undefined : findIdToken(claims, typ))
  return kind === undefined ? undefined : { reason: 'token_kind', kind }
}

function isTypAccepted(typ: string | undefined, accept: AcceptedKind): boolean {
  if (typ === 'at+jwt') return accept !== 'idToken'
  return accept !== 'rfc9068' && (typ === undefined || typ === 'jwt')
}

// Keycloak says in a claim `typ` what it signed, in every one of its tokens.
const otherKinds: ReadonlyMap<unknown, string> = new Map([
  ['refresh', 'refresh token'],
  ['offline', 'offline token'],
  ['logout', 'logout token'],
])

function findOtherKind(claims: Claims): string | undefined {
  if (claims.events !== undefined) return 'security event'
  const typ = claims.typ
  return typeof typ === 'string' ? otherKinds.get(typ.toLowerCase()) : undefined
}

function findIdToken(claims: Claims, typ: string | undefined): string | undefined {
  const claimed = claims.typ
  const kind = typeof claimed === 'string' ? claimed.toLowerCase() : undefined
  const byHash = claims.at_hash !== undefined || claims.c_hash !== undefined
  const byNonce = claims.nonce !== undefined && typ !== 'at+jwt' && kind !== 'bearer'
  return byHash || byNonce || kind === 'id' ? 'ID token' : undefined
}
