import { type Against, type BenchCase, cases } from '../cases.ts'
import type { RunningSide } from './side.ts'

/** One of the gateways of a case: what is started, by the name it has in the result, and in which case. */
export interface SidePlan {
  readonly name: RunningSide['name']
  readonly product: 'jotgate' | 'haproxy' | 'nginx'
  readonly benchCase: BenchCase
}

type Other = (benchCase: BenchCase) => SidePlan

/** What each comparison is to. */
const others: { readonly [against in Exclude<Against, 'nothing'>]: Other } = {
  haproxy: (benchCase) => ({ name: 'haproxy', product: 'haproxy', benchCase }),
  'own-http1': (benchCase) => ({ name: 'own', product: 'jotgate', benchCase: { ...benchCase, transport: 'https' } }),
  // Its tokens are all of one key, and its hit rate is that of `warm`.
  'own-static-key': ({ secondsMin }) => ({
    ...{ name: 'own', product: 'jotgate', benchCase: { ...warm(), secondsMin } },
  }),
}

function warm(): BenchCase {
  const found = cases.find(({ name }) => name === 'warm')
  if (found === undefined) throw new Error('there is no case called warm')
  return found
}

/**
 * The sides of a round in the order they are run: A B B A, with what is beside them in the middle, so that a machine that
 * slowly changes its speed is the same to all. Jotgate is the first. Pure.
 */
export function sidePlans(benchCase: BenchCase): readonly SidePlan[] {
  const { against, beside } = benchCase
  const own: SidePlan = { name: 'jotgate', product: 'jotgate', benchCase }
  const middle: readonly SidePlan[] = beside === undefined ? [] : [{ name: beside, product: beside, benchCase }]
  if (against === 'nothing') return [own, ...middle, own]
  const other = others[against](benchCase)
  return [own, other, ...middle, other, own]
}
