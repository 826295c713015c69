import type { Claims } from './claims.ts'
import type { IssuerMatch } from './issuer-match.ts'
import { readClaim } from './read-claim.ts'

/** Whether an `iss`, compared exactly, is one this issuer entry stands for (S3). */
export function matchIssuer(match: IssuerMatch, iss: string | undefined): boolean {
  if (match.kind === 'any') return true
  if (iss === undefined) return false
  if (match.kind === 'exact') return iss === match.iss
  const tenant = tenantOf(match, iss)
  return tenant !== undefined && (match.tenants === undefined || match.tenants.includes(tenant))
}

/**
 * Whether everything else that names a tenant agrees with the one in `iss` (S3): the tenant claim when the token has
 * it, and the `issuer` member of the key when the key set carries one, there with its own `{name}` filled in.
 * Entries without a pattern have no tenant and always agree.
 */
export function checkTenant(
  match: IssuerMatch,
  iss: string | undefined,
  claims: Claims,
  keyIssuer: string | undefined,
): boolean {
  if (match.kind !== 'pattern') return true
  const tenant = iss === undefined ? undefined : tenantOf(match, iss)
  if (iss === undefined || tenant === undefined) return false
  const claimed = readClaim(claims, match.tenantClaim)
  if (claimed !== undefined && claimed !== tenant) return false
  return keyIssuer === undefined || fillTemplate(keyIssuer, tenant) === iss
}

type IssuerPattern = Extract<IssuerMatch, { kind: 'pattern' }>

function tenantOf(pattern: IssuerPattern, iss: string): string | undefined {
  const { prefix, suffix } = pattern
  if (!iss.startsWith(prefix) || !iss.endsWith(suffix)) return undefined
  // Where the two ends overlap the slice is empty, which is no tenant.
  const tenant = iss.slice(prefix.length, iss.length - suffix.length)
  return isTenant(tenant) ? tenant : undefined
}

const tenantCharactersMax = 128

/** `[A-Za-z0-9._-]{1,128}`, and neither `.` nor `..`, which a URL would read as another path. */
function isTenant(text: string): boolean {
  if (text.length > tenantCharactersMax || text === '.' || text === '..') return false
  for (let at = 0; at < text.length; at++) if (!isTenantCharacter(text.charCodeAt(at))) return false
  return text.length > 0
}

function isTenantCharacter(code: number): boolean {
  const lower = code | 0x20
  if (lower >= 0x61 && lower <= 0x7a) return true
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f
}

/** Microsoft's shared key sets name `…/{tenantid}/v2.0` on keys of every tenant and a full issuer on others. */
function fillTemplate(keyIssuer: string, tenant: string): string {
  const open = keyIssuer.indexOf('{')
  const close = keyIssuer.indexOf('}', open)
  return open < 0 || close < 0 ? keyIssuer : keyIssuer.slice(0, open) + tenant + keyIssuer.slice(close + 1)
}
