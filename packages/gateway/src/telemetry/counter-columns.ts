import { algorithms } from '../domain/algorithm.ts'
import { type Outcome, reasonNumber, reasons } from '../domain/reasons.ts'
import type { Reason } from '../domain/reject.ts'
import type { CountRow } from './counter-slots.ts'

/** Upper bounds of the duration buckets in milliseconds: 0.25 doubling to 16,384; above them one for the rest. */
export const durationBoundsMs: readonly number[] = Array.from({ length: 17 }, (_, index) => 0.25 * 2 ** index)

/** Behind the buckets of a duration stands the sum in milliseconds. */
export const bucketCount: number = durationBoundsMs.length + 1

/** Requests by ending: forwarded, every reason by its number, answered. */
const answered = 1 + reasons.length
const endingCount = answered + 1
const statusClasses = 5
const totalAt = endingCount + statusClasses
const upstreamAt = totalAt + bucketCount + 1

/** Where a row of an API's counts has what. */
export const apiColumns: {
  readonly ending: (outcome: Outcome, reason: Reason | undefined) => number
  /** `status`: 100 to 599. */
  readonly status: (status: number) => number
  readonly total: number
  readonly upstream: number
  readonly width: number
} = {
  ending: (outcome, reason) => {
    if (reason !== undefined) return 1 + reasonNumber[reason]
    return outcome === 'answered' ? answered : 0
  },
  status: (status) => endingCount + Math.floor(status / 100) - 1,
  total: totalAt,
  upstream: upstreamAt,
  width: upstreamAt + bucketCount + 1,
}

/** Where a row of an issuer's counts has what. */
export const issuerColumns: {
  /** `algorithmBit` is `Algorithm.bit`. */
  readonly check: (algorithmBit: number, passed: boolean) => number
  readonly width: number
} = {
  check: (algorithmBit, passed) => (passed ? 0 : algorithms.length) + 31 - Math.clz32(algorithmBit),
  width: 2 * algorithms.length,
}

export interface ApiCounts {
  readonly id: string
  /** Forwarded, each of `reasons`, answered. */
  readonly endings: readonly number[]
  /** Forwarded answers by status class, 1xx to 5xx. */
  readonly statuses: readonly number[]
  readonly total: Durations
  readonly upstream: Durations
}

export interface Durations {
  /** One for each of `durationBoundsMs`, and the rest; not cumulative. */
  readonly buckets: readonly number[]
  readonly sumMs: number
}

export interface IssuerCounts {
  readonly id: string
  /** Signature checks by algorithm, those that passed and those that failed. */
  readonly passed: readonly number[]
  readonly failed: readonly number[]
}

export function apiCounts({ id, counts }: CountRow): ApiCounts {
  const row = spread(counts, apiColumns.width)
  return {
    id,
    endings: row.slice(0, endingCount),
    statuses: row.slice(endingCount, totalAt),
    total: durations(row, totalAt),
    upstream: durations(row, upstreamAt),
  }
}

export function issuerCounts({ id, counts }: CountRow): IssuerCounts {
  const row = spread(counts, issuerColumns.width)
  return { id, passed: row.slice(0, algorithms.length), failed: row.slice(algorithms.length) }
}

/** Position of the first bound that is not below `ms`. */
export function bucketOf(ms: number): number {
  const quarters = Math.ceil(ms * 4)
  if (quarters <= 1) return 0
  return quarters > 65_536 ? bucketCount - 1 : 32 - Math.clz32(quarters - 1)
}

function spread(counts: readonly number[], width: number): readonly number[] {
  const row = new Array<number>(width).fill(0)
  for (let at = 0; at < counts.length; at += 2) row[counts[at] ?? 0] = counts[at + 1] ?? 0
  return row
}

function durations(row: readonly number[], at: number): Durations {
  return { buckets: row.slice(at, at + bucketCount), sumMs: row[at + bucketCount] ?? 0 }
}
