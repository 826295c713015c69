import type { ConfigInput } from '@jotgate/contract'
import { compactVerify, importJWK, type JWK } from 'jose'
import { parseDocument } from 'yaml'

/** Ends a judgement with a reason. */
export class Refused extends Error {}

export const refuse = (reason: string): never => {
  throw new Refused(reason)
}

export type Api = ConfigInput['apis'][string]
export type Issuer = NonNullable<ConfigInput['issuers']>[string]
export type Protected = Exclude<Api['access'], string>
export type Require = NonNullable<Protected['require']>
export type Json = { readonly [member: string]: unknown }

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
const isTime = (value: unknown): boolean => value === undefined || typeof value === 'number'

/** By algorithm: the key's type or curve, and the signature's bytes (RFC 7518 3, RFC 8037, RFC 9864). */
export const algorithms: Readonly<Record<string, readonly [key: string, bytes: number]>> = {
  ...{ HS256: ['oct', 32], HS384: ['oct', 48], HS512: ['oct', 64] },
  ...{ ES256: ['P-256', 64], ES384: ['P-384', 96], EdDSA: ['Ed25519', 64], Ed25519: ['Ed25519', 64] },
}

/** RFC 7515 by the letter: three parts of canonical base64url, no member twice, nothing that changes the rules. */
export function parseToken(token: string): { readonly header: Json; readonly claims: Json } {
  const parts = token.split('.')
  const isCanonical = (part: string): boolean => {
    const bits = [...part].map((one) => base64url.indexOf(one).toString(2).padStart(6, '0')).join('')
    return part !== '' && /^[\w-]+$/.test(part) && /^0{0,5}$/.test(bits.slice(bits.length - (bits.length % 8)))
  }
  if (parts.length !== 3 || !parts.every(isCanonical)) refuse('token_malformed')
  const header = strictJson(parts[0])
  const { alg, kid, typ, b64, crit } = header
  if (b64 !== undefined) refuse('token_malformed')
  if (crit !== undefined) refuse('crit_unknown')
  if (['jwk', 'jku', 'x5u', 'x5c'].some((member) => member in header)) refuse('token_malformed')
  if (typeof alg !== 'string' || !isText(kid) || !isText(typ) || header.cty === 'JWT') refuse('token_malformed')
  const [, bytes] = algorithms[String(alg)] ?? refuse('alg_not_allowed')
  if (Buffer.from(parts[2] ?? '', 'base64url').length !== bytes) refuse('token_malformed')
  const claims = strictJson(parts[1])
  const { iss, sub, jti, aud, exp, nbf, iat } = claims
  const isAudience = isText(aud) || (Array.isArray(aud) && aud.every((one) => typeof one === 'string'))
  const typed = [iss, sub, jti].every(isText) && [exp, nbf, iat].every(isTime) && isAudience
  return typed ? { header, claims } : refuse('token_malformed')
}

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function strictJson(part = ''): Json {
  const text = Buffer.from(part, 'base64url').toString()
  // Of JSON a YAML parser differs in little, and it tells when a member comes twice.
  const isTwice = parseDocument(text, { schema: 'json' }).errors.some(({ code }) => code === 'DUPLICATE_KEY')
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value) && !isTwice) return value
  } catch {}
  return refuse('token_malformed')
}

/** Whether this key made the signature. */
export async function isSignedBy(token: string, key: JWK, alg: string): Promise<boolean> {
  const imported = await importJWK(key, alg)
  return compactVerify(token, imported).then(
    () => true,
    () => false,
  )
}

/** What an `iss` has where the pattern has its `{name}`. */
export function tenantOf(issuer: string, iss: unknown): string {
  const [before = '', after = ''] = issuer.split(/\{\w+\}/)
  const text = String(iss)
  return text.startsWith(before) && text.endsWith(after) ? text.slice(before.length, text.length - after.length) : ''
}

export function checkKind(header: Json, claims: Json, accept: string): void {
  const typ = String(header.typ ?? 'JWT')
    .toLowerCase()
    .replace('application/', '')
  if (typ === 'at+jwt' ? accept === 'idToken' : typ !== 'jwt' || accept === 'rfc9068') refuse('typ_mismatch')
  const isIdToken = claims.typ === 'ID' || (claims.nonce !== undefined && typ !== 'at+jwt')
  if (claims.token_use === 'refresh' || (isIdToken && accept !== 'idToken')) refuse('token_kind')
}

export const seconds = (duration: string): number => Number.parseInt(duration, 10) * (duration.endsWith('m') ? 60 : 1)

export function checkTerms(claims: Json, issuer: Issuer, now: number): void {
  const { exp, nbf = 0, iat, iss, aud } = claims
  const { requireExp = true, maxLifetime, clockSkew, tenants, audiences, requireClaims = [] } = issuer
  if (exp === undefined && requireExp) refuse('claim_missing')
  if (now + seconds(clockSkew?.nbf ?? '30s') < Number(nbf)) refuse('token_not_yet_valid')
  if (now + seconds(clockSkew?.iat ?? '60s') < Number(iat ?? 0)) refuse('token_issued_in_future')
  if (maxLifetime !== undefined && iat === undefined) refuse('claim_missing')
  if (maxLifetime !== undefined && Number(exp) - Number(iat) > seconds(maxLifetime)) refuse('lifetime_too_long')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if ([iss, claims.sub, claims.jti].some((text) => /[\0-\x1f\x7f]/.test(String(text)))) refuse('claim_invalid')
  if (tenants !== undefined && ![undefined, tenantOf(issuer.issuer ?? '', iss)].includes(claims.tid as string)) {
    refuse('issuer_untrusted')
  }
  if (audiences !== undefined && ![aud].flat().some((one) => audiences.includes(String(one))))
    refuse('audience_mismatch')
  if (requireClaims.some((claim) => (readClaim(claims, claim) ?? null) === null)) refuse('claim_missing')
  const profile = issuer.accept === 'rfc9068' ? ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'] : []
  if (profile.some((claim) => claims[claim] === undefined)) refuse('claim_missing')
}

/** The literal name wins over the path. */
export function readClaim(claims: Json, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), claims)
}

const entriesOf = (value: unknown): readonly unknown[] =>
  typeof value === 'string' ? value.split(' ') : [value].flat()

export function checkClaims(claims: Json, require: Require): void {
  for (const given of require.claims ?? []) {
    const { path, oneOf, contains, min } = typeof given === 'string' ? ({ path: given } as const) : given
    const value = readClaim(claims, path) ?? refuse('claim_missing')
    if (oneOf !== undefined && !oneOf.some((one) => one === value)) refuse('claim_mismatch')
    if (contains !== undefined && typeof value !== 'string' && !Array.isArray(value)) refuse('claim_invalid')
    if (contains !== undefined && !entriesOf(value).includes(contains)) refuse('claim_mismatch')
    if (min !== undefined && typeof value !== 'number') refuse('claim_invalid')
    if (min !== undefined && Number(value) < min) refuse('claim_mismatch')
  }
}

export function checkScopes(claims: Json, scopes: Require['scopes']): void {
  const granted = entriesOf(readClaim(claims, 'scope'))
  const { any, all = [] } = scopes ?? {}
  if (any?.every((one) => !granted.includes(one)) || !all.every((one) => granted.includes(one))) refuse('scope_missing')
}
