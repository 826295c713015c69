import type { Scalar } from '../domain/claim-rule.ts'
import type { Claims } from '../domain/claims.ts'
import { readClaim } from '../domain/read-claim.ts'
import type { ClaimSetPlan } from './plan.ts'
import type { CompiledApplication } from './snapshot.ts'

/** Finds the applications whose claim sets a token matches. */
export interface ClaimIndex {
  /** Every set that matches claims of an issuer entry, at most one for each shape of set. */
  readonly find: (claims: Claims, issuerId: string) => readonly ClaimMatch[]
}

export interface ClaimMatch {
  readonly application: CompiledApplication
  readonly set: ClaimSetPlan
}

/** Claim sets of the same claims of the same issuer: one look-up for all of them, however many applications there are. */
interface Shape {
  readonly paths: readonly ClaimSetPlan['match'][number]['path'][]
  readonly byValues: Map<string, ClaimMatch>
}

const nothing: readonly ClaimMatch[] = Object.freeze([])

/** Of a configuration without applications. */
export const emptyClaimIndex: ClaimIndex = { find: () => nothing }

/** Every so many sets a sliced build may rest. */
const restEvery = 200

/**
 * The claim sets of all applications, sorted by issuer and by which claims they look at. `compile` sees to it that no
 * two applications share a set. Yields as `assembleInSlices` does.
 */
export function* buildClaimIndex(applications: Iterable<CompiledApplication>): Generator<void, ClaimIndex> {
  const ofIssuer = new Map<string, Map<string, Shape>>()
  const ofAny = new Map<string, Shape>()
  let sets = 0
  for (const application of applications) {
    for (const set of application.plan.claimSets) {
      const shapes = set.issuerId === undefined ? ofAny : shapesOf(ofIssuer, set.issuerId)
      const name = JSON.stringify(set.match.map(({ path }) => path.text))
      let shape = shapes.get(name)
      if (shape === undefined) {
        shape = { paths: set.match.map(({ path }) => path), byValues: new Map() }
        shapes.set(name, shape)
      }
      shape.byValues.set(valuesKey(set.match.map(({ value }) => value)), { application, set })
      if (++sets % restEvery === 0) yield
    }
  }
  const unbound = [...ofAny.values()]
  const bound = new Map([...ofIssuer].map(([id, shapes]) => [id, [...shapes.values(), ...unbound]]))

  return {
    find: (claims, issuerId) => {
      let found: ClaimMatch[] | undefined
      for (const shape of bound.get(issuerId) ?? unbound) {
        const key = keyOf(claims, shape)
        const match = key === undefined ? undefined : shape.byValues.get(key)
        if (match === undefined) continue
        if (found === undefined) found = [match]
        else found.push(match)
      }
      return found ?? nothing
    },
  }
}

function shapesOf(ofIssuer: Map<string, Map<string, Shape>>, issuerId: string): Map<string, Shape> {
  let shapes = ofIssuer.get(issuerId)
  if (shapes === undefined) {
    shapes = new Map()
    ofIssuer.set(issuerId, shapes)
  }
  return shapes
}

/** The claims' values as a key; undefined where one is missing or is no scalar: nothing is converted. */
function keyOf(claims: Claims, { paths }: Shape): string | undefined {
  let key = ''
  for (const path of paths) {
    const value = readClaim(claims, path)
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
    key += valueKey(value)
  }
  return key
}

/** Values of sets that are equal have equal keys, no others: `1` is not `"1"`, and no text runs into its neighbour. */
export function valuesKey(values: readonly Scalar[]): string {
  return values.map(valueKey).join('')
}

function valueKey(value: Scalar): string {
  return typeof value === 'string' ? `${value.length}:${value}` : `${typeof value} ${value};`
}
