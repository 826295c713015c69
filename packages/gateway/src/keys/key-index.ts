import { type Algorithm, algorithms } from '../domain/algorithm.ts'
import type { KeyRecord } from '../domain/key.ts'
import { resolveKids } from './resolve-kids.ts'

/** Key look-up of one issuer: only Map reads and no allocation per request. */
export interface KeyIndex {
  /**
   * The keys a token with this algorithm and `kid` may be verified with, best first; at most 4, or none.
   * A key that declares a kid fits that kid (exactly) and its own aliases; one that declares none fits any kid.
   * Without a kid in the token every key that can carry the algorithm is a candidate. More than 4 of them: the token
   * must name one, none is used.
   */
  readonly select: (algorithm: Algorithm, kid: string | undefined) => readonly KeyRecord[]
  /** Whether a key goes by this kid, whatever its algorithm. */
  readonly knows: (kid: string) => boolean
}

/** Candidates by the algorithm's position in `algorithms`, which is that of its bit. */
type Row = readonly (readonly KeyRecord[])[]

/** Most keys one token is tried with (S8). */
export const candidatesMax = 4
const none: readonly KeyRecord[] = Object.freeze([])

/** Indexes the keys of one issuer. Keys in conflict over a kid (S4) are left out. */
export function indexKeys(records: readonly KeyRecord[]): KeyIndex {
  const keys = resolveKids(records)
  const nobody = byAlgorithm([])
  const anonymous = byAlgorithm(keys.filter((key) => key.kid === undefined))
  const withoutKid = candidates(nobody, byAlgorithm(keys))
  const unknownKid = candidates(nobody, anonymous)
  const rows = new Map<string, Row>()
  for (const [kid, named] of groupByKid(keys)) rows.set(kid, candidates(byAlgorithm(named), anonymous))
  return {
    select: (algorithm, kid) => {
      const row = kid === undefined ? withoutKid : (rows.get(kid) ?? unknownKid)
      return row[31 - Math.clz32(algorithm.bit)] ?? none
    },
    knows: (kid) => rows.has(kid),
  }
}

function groupByKid(keys: readonly KeyRecord[]): ReadonlyMap<string, readonly KeyRecord[]> {
  const groups = new Map<string, KeyRecord[]>()
  for (const key of keys) {
    for (const kid of new Set(key.kid === undefined ? key.aliases : [key.kid, ...key.aliases])) {
      const group = groups.get(kid)
      if (group === undefined) groups.set(kid, [key])
      else group.push(key)
    }
  }
  return groups
}

function byAlgorithm(keys: readonly KeyRecord[]): Row {
  return algorithms.map(({ bit }) => distinct(keys.filter((key) => (key.algorithmBits & bit) !== 0)))
}

/** Keys that were named come first; the others join while there is room for all of them. */
function candidates(named: Row, others: Row): Row {
  return algorithms.map((_, position) => {
    const best = named[position] ?? none
    const rest = others[position] ?? none
    const all = rest.length > candidatesMax ? undefined : distinct([...best, ...rest])
    if (all !== undefined && all.length <= candidatesMax) return all
    return best.length <= candidatesMax ? best : none
  })
}

/** The same key under two kids is one candidate. */
function distinct(keys: readonly KeyRecord[]): readonly KeyRecord[] {
  if (keys.length === 0) return none
  return [...new Map(keys.map((key) => [key.thumbprint, key])).values()]
}
