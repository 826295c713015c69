import { median } from '../median.ts'
import { ratioRangeMax } from '../steadiness.ts'
import type { Figure, Unit } from './study.ts'

/** How far the rounds may lie apart: a share of the median for ratios, microseconds for differences, anything else at will. */
export type Steadiness = 'ratio' | 'difference' | 'any'

const differenceRangeUsMax = 3

export interface FigureParts {
  readonly name: string
  readonly unit: Unit
  /** One a round that counts. */
  readonly values: readonly number[]
  readonly steadiness?: Steadiness
  /** Why other rounds did not count. */
  readonly faults?: readonly string[]
}

/** Median and range over the rounds; no result when there is none or they lie too far apart. Pure. */
export function toFigure({ name, unit, values, steadiness = 'any', faults = [] }: FigureParts): Figure {
  const said = [...new Set(faults)]
  // JSON of another process has null where it had no number.
  const isWhole = values.every(Number.isFinite)
  if (values.length === 0 || !isWhole) {
    const why = isWhole ? 'no round counted' : 'a round came to no number'
    return { name, unit, value: null, range: null, note: [why, ...said].join('; ') }
  }
  const middle = median(values)
  const range = [Math.min(...values), Math.max(...values)] as const
  const unsteady = movedTooFar(middle, range[1] - range[0], steadiness)
  const notes = unsteady === undefined ? said : [unsteady, ...said]
  return {
    name,
    unit,
    value: unsteady === undefined ? rounded(middle) : null,
    range: values.length === 1 ? null : [rounded(range[0]), rounded(range[1])],
    note: notes.length === 0 ? null : notes.join('; '),
  }
}

function movedTooFar(middle: number, span: number, steadiness: Steadiness): string | undefined {
  if (steadiness === 'ratio' && span / middle > ratioRangeMax) {
    return 'no result: the ratio moved by more than 10 % between rounds'
  }
  if (steadiness === 'difference' && span > differenceRangeUsMax) {
    return `no result: the difference moved by more than ${differenceRangeUsMax} us between rounds`
  }
  return undefined
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
