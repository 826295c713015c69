import type { Sample } from './measure.ts'

/** One pass over the sides of a case. */
export interface Round {
  /** A B B A: two samples of each side. */
  readonly samples: readonly Sample[]
  /** The yardstick before and after, in microseconds. */
  readonly referenceUs: readonly [number, number]
}
