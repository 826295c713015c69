import { mean } from './mean.ts'
import type { Sample } from './measure.ts'
import { median } from './median.ts'
import type { Round } from './round.ts'
import { ratioRangeMax } from './steadiness.ts'

/** A side's figures of one round, one a sample. */
export type Figures = (round: Round, side: Sample['side']) => readonly number[]

export interface Ratio {
  /** The median over the rounds; null where there is none, or where it is no result. */
  readonly ratio: number | null
  readonly range: readonly [number, number] | null
  /** Why it is no result, where it was measured and is none. */
  readonly fault: string | undefined
}

/** Jotgate's figure to the other side's, of each round that has both. Pure. */
export function compare(rounds: readonly Round[], other: Sample['side'], figures: Figures): Ratio {
  const pairs = rounds.flatMap((round) => {
    const [ours, theirs] = [figures(round, 'jotgate'), figures(round, other)]
    return ours.length === 0 || theirs.length === 0 ? [] : [[mean(ours), mean(theirs)] as const]
  })
  if (pairs.length === 0) return { ratio: null, range: null, fault: undefined }
  // A cost is a difference of two loads where it is told by the byte, and may come out below nothing.
  if (pairs.some(([ours, theirs]) => ours <= 0 || theirs <= 0)) {
    return { ratio: null, range: null, fault: 'what is compared was lost in noise' }
  }
  const ratios = pairs.map(([ours, theirs]) => ours / theirs)
  const [least, most, middle] = [Math.min(...ratios), Math.max(...ratios), median(ratios)]
  const isUnsteady = (most - least) / middle > ratioRangeMax
  return {
    ratio: isUnsteady ? null : round3(middle),
    range: [round3(least), round3(most)],
    fault: isUnsteady ? 'the ratio moved by more than 10 % between rounds' : undefined,
  }
}

function round3(value: number): number {
  return Number(value.toFixed(3))
}
