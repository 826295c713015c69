import type { IssuerMatch } from '../domain/issuer-match.ts'
import { matchIssuer } from '../domain/match-issuer.ts'

/**
 * Whether some `iss` belongs to both (security rule S4). Patterns fill a whole path segment, so two of them meet
 * exactly when they have equally many segments and every pair of segments can be the same text.
 */
export function issuersOverlap(one: IssuerMatch, other: IssuerMatch): boolean {
  if (one.kind === 'any' || other.kind === 'any') return true
  if (one.kind === 'exact') return matchIssuer(other, one.iss)
  if (other.kind === 'exact') return matchIssuer(one, other.iss)
  const left = segmentsOf(one)
  const right = segmentsOf(other)
  return left.length === right.length && left.every((segment, index) => meet(segment, right[index]))
}

type Pattern = Extract<IssuerMatch, { kind: 'pattern' }>
/** A literal segment, or the values `{name}` may take; undefined: any. */
type Segment = string | { readonly tenants: readonly string[] | undefined }

function segmentsOf({ prefix, suffix, tenants }: Pattern): readonly Segment[] {
  return [...prefix.split('/').slice(0, -1), { tenants }, ...suffix.split('/').slice(1)]
}

function meet(one: Segment, other: Segment | undefined): boolean {
  if (other === undefined) return false
  if (typeof one === 'string') return typeof other === 'string' ? one === other : takes(other.tenants, one)
  if (typeof other === 'string') return takes(one.tenants, other)
  if (one.tenants === undefined || other.tenants === undefined) return true
  const known = new Set(one.tenants)
  return other.tenants.some((tenant) => known.has(tenant))
}

function takes(tenants: readonly string[] | undefined, text: string): boolean {
  return tenants === undefined ? /^[A-Za-z0-9._-]{1,128}$/.test(text) : tenants.includes(text)
}
