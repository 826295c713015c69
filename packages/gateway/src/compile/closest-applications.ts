import type { Scalar } from '../domain/claim-rule.ts'
import type { Claims, JsonValue } from '../domain/claims.ts'
import { readClaim } from '../domain/read-claim.ts'
import { valuesKey } from './claim-index.ts'
import { editDistance } from './edit-distance.ts'
import type { ApplicationPlan, ClaimSetPlan } from './plan.ts'

/** An application that claims come near to, by the nearest of its claim sets. */
export interface ClosestApplication {
  readonly application: ApplicationPlan
  readonly set: ClaimSetPlan
  /** Claims of the set that do not match, in its order; none: all of them do. */
  readonly mismatches: readonly ClaimMismatch[]
}

export interface ClaimMismatch {
  readonly claim: string
  readonly wanted: Scalar
  /** Undefined: the claim is missing. */
  readonly seen: JsonValue | undefined
}

/**
 * The applications whose claim sets these claims of an issuer entry come nearest to, at most `max`, the nearest first:
 * where all claims of a set match, then where most do, then where fewest do not, then where the values are most alike.
 */
export function closestApplications(
  applications: Iterable<ApplicationPlan>,
  claims: Claims,
  issuerId: string,
  max: number,
): readonly ClosestApplication[] {
  const near: Ranked[] = []
  for (const application of applications) {
    const sets = application.claimSets.filter((set) => set.issuerId === undefined || set.issuerId === issuerId)
    const [best] = sets.map((set) => rank(application, set, claims)).sort(byNearness)
    if (best !== undefined) near.push(best)
  }
  return near
    .sort(byNearness)
    .slice(0, max)
    .map(({ closest }) => closest)
}

interface Ranked {
  readonly closest: ClosestApplication
  /** Compared one after the other: less is nearer. */
  readonly ranks: readonly number[]
}

function rank(application: ApplicationPlan, set: ClaimSetPlan, claims: Claims): Ranked {
  const mismatches = set.match.flatMap(({ path, value }): readonly ClaimMismatch[] => {
    const seen = readClaim(claims, path)
    return isScalar(seen) && valuesKey([seen]) === valuesKey([value]) ? [] : [{ claim: path.text, wanted: value, seen }]
  })
  const unlike = mismatches.reduce((sum, mismatch) => sum + unlikeness(mismatch), 0)
  const matching = set.match.length - mismatches.length
  return {
    closest: { application, set, mismatches },
    ranks: [mismatches.length === 0 ? 0 : 1, -matching, mismatches.length, unlike],
  }
}

function byNearness(one: Ranked, other: Ranked): number {
  const at = one.ranks.findIndex((rank, index) => rank !== other.ranks[index])
  if (at !== -1) return (one.ranks[at] ?? 0) - (other.ranks[at] ?? 0)
  return one.closest.application.id.localeCompare(other.closest.application.id, 'en')
}

/** Texts are compared as far as this many characters. */
const comparedMax = 64

/** So many wrong letters are as good as another text: ten thousand applications are looked through in well under a second. */
const unlikeMax = 8

/** How many letters are wrong; `unlikeMax` too where there is no text to compare. */
function unlikeness({ wanted, seen }: ClaimMismatch): number {
  if (typeof wanted !== 'string' || typeof seen !== 'string') return unlikeMax
  return editDistance(seen.slice(0, comparedMax), wanted.slice(0, comparedMax), unlikeMax)
}

function isScalar(value: JsonValue | undefined): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
