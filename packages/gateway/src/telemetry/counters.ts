import { algorithms } from '../domain/algorithm.ts'
import type { EndCause } from '../domain/end-cause.ts'
import { type Outcome, reasonNumber, reasons } from '../domain/reasons.ts'
import type { Reason } from '../domain/reject.ts'
import { createSlots } from './counter-slots.ts'

/** Counters without labels, by position; `counterNames` says what they are called. */
export const counter = {
  tokenCacheHits: 0,
  tokenCacheMisses: 1,
  tokenCacheAdmissions: 2,
  tokenCacheEvictions: 3,
  upstreamConnectionsOpened: 4,
  upstreamConnectionsReused: 5,
  upstreamSurplusBytes: 6,
  upstreamRetries: 7,
  logLinesDropped: 8,
  decisionsKept: 9,
  tlsHandshakes: 10,
  tlsSessionsResumed: 11,
  tlsHandshakesFailed: 12,
  tlsPlainHttp: 13,
  tlsCertificatesRefused: 14,
  upstreamConnectFailures: 15,
  upstreamEjections: 16,
  upstreamReturns: 17,
  tunnelsOpened: 18,
  tunnelsEndedByCaller: 19,
  tunnelsEndedByUpstream: 20,
  tunnelsIdle: 21,
  tunnelsExpired: 22,
  tunnelsDistrusted: 23,
  tunnelsUnconfigured: 24,
  tunnelsDrained: 25,
  answersCutShort: 26,
  connectionsRefused: 27,
} as const

/** Present values, by position; `gaugeMerge` says how those of several workers add up. */
export const gauge = {
  generation: 0,
  callerConnections: 1,
  upstreamConnections: 2,
  requestsInFlight: 3,
  tokenCacheEntries: 4,
  eventLoopDelayExcessMs: 5,
  upstreamTargetsEjected: 6,
  tunnelsOpen: 7,
} as const

export type CounterIndex = (typeof counter)[keyof typeof counter]
export type GaugeIndex = (typeof gauge)[keyof typeof gauge]

/** Which counter an ended tunnel belongs to. */
export const tunnelEndCounter: Readonly<Record<EndCause, CounterIndex>> = {
  caller: counter.tunnelsEndedByCaller,
  upstream: counter.tunnelsEndedByUpstream,
  idle: counter.tunnelsIdle,
  expired: counter.tunnelsExpired,
  distrusted: counter.tunnelsDistrusted,
  configuration: counter.tunnelsUnconfigured,
  drain: counter.tunnelsDrained,
}

/** Upper bounds of the duration buckets in milliseconds: 0.25 doubling to 16,384; above them one for the rest. */
export const durationBoundsMs: readonly number[] = Array.from({ length: 17 }, (_, index) => 0.25 * 2 ** index)

const bucketCount = durationBoundsMs.length + 1
const algorithmCount = algorithms.length
/** Requests by ending: forwarded, every reason by its number, answered. */
const answeredAt = 1 + reasons.length
const endingCount = answeredAt + 1
const statusClasses = 5

/** What one process counted, as plain data. Positions are those of `counter`, `gauge`, `reasons` and `algorithms`. */
export interface CounterSnapshot {
  readonly counters: readonly number[]
  readonly gauges: readonly number[]
  /** The first one has no id: requests before an API was found. */
  readonly apis: readonly ApiCounts[]
  readonly issuers: readonly IssuerCounts[]
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

/** Where the counts of one generation's APIs and issuers are: slot by position in the snapshot. */
export interface SlotMap {
  readonly apis: readonly number[]
  readonly issuers: readonly number[]
}

/**
 * The counters of one worker: typed arrays and positions, no label is ever built while a request runs (hot-path
 * rule 8). Labels are ids of the configuration and names of fixed lists: nothing a caller sends makes a series (S23).
 */
export interface Counters {
  /** Slots for a generation's ids, in their order. An id keeps its slot, and its counts, over reloads. */
  readonly assign: (apiIds: readonly string[], issuerIds: readonly string[]) => SlotMap
  /** Counts one ended request. `apiSlot`: from `assign`, or `noApiSlot`. `upstreamMs` negative: not forwarded. */
  readonly request: (
    apiSlot: number,
    outcome: Outcome,
    reason: Reason | undefined,
    status: number,
    durationMs: number,
    upstreamMs: number,
  ) => void
  /** Counts one signature check; `algorithmBit` is `Algorithm.bit`. */
  readonly verification: (issuerSlot: number, algorithmBit: number, passed: boolean) => void
  readonly add: (index: CounterIndex, by: number) => void
  readonly set: (index: GaugeIndex, value: number) => void
  readonly snapshot: () => CounterSnapshot
}

/** Slot of requests that ended before an API was found. */
export const noApiSlot = 0

const totalAt = endingCount + statusClasses
const upstreamAt = totalAt + bucketCount + 1
const apiWidth = upstreamAt + bucketCount + 1
const issuerWidth = 2 * algorithmCount

export function createCounters(): Counters {
  const counters = new Float64Array(Object.keys(counter).length)
  const gauges = new Float64Array(Object.keys(gauge).length)
  const apis = createSlots(apiWidth)
  const issuers = createSlots(issuerWidth)
  apis.assign([''])

  return {
    assign: (apiIds, issuerIds) => ({
      apis: apis.assign(['', ...apiIds]).slice(1),
      issuers: issuers.assign(issuerIds),
    }),
    request: (apiSlot, outcome, reason, status, durationMs, upstreamMs) => {
      const at = apiSlot * apiWidth
      apis.add(at + endingAt(outcome, reason), 1)
      if (outcome === 'forwarded' && status >= 100 && status < 600) {
        apis.add(at + endingCount + Math.floor(status / 100) - 1, 1)
      }
      apis.add(at + totalAt + bucketOf(durationMs), 1)
      apis.add(at + totalAt + bucketCount, durationMs)
      if (upstreamMs < 0) return
      apis.add(at + upstreamAt + bucketOf(upstreamMs), 1)
      apis.add(at + upstreamAt + bucketCount, upstreamMs)
    },
    verification: (issuerSlot, algorithmBit, passed) => {
      const algorithm = 31 - Math.clz32(algorithmBit)
      issuers.add(issuerSlot * issuerWidth + (passed ? 0 : algorithmCount) + algorithm, 1)
    },
    add: (index, by) => {
      counters[index] = (counters[index] ?? 0) + by
    },
    set: (index, value) => {
      gauges[index] = value
    },
    snapshot: () => ({
      counters: [...counters],
      gauges: [...gauges],
      apis: apis.read().map(({ id, counts }) => apiCounts(id, counts)),
      issuers: issuers.read().map(({ id, counts }) => ({
        id,
        passed: counts.slice(0, algorithmCount),
        failed: counts.slice(algorithmCount),
      })),
    }),
  }
}

function endingAt(outcome: Outcome, reason: Reason | undefined): number {
  if (reason !== undefined) return 1 + reasonNumber[reason]
  return outcome === 'answered' ? answeredAt : 0
}

function apiCounts(id: string, counts: readonly number[]): ApiCounts {
  return {
    id,
    endings: counts.slice(0, endingCount),
    statuses: counts.slice(endingCount, totalAt),
    total: durations(counts, totalAt),
    upstream: durations(counts, upstreamAt),
  }
}

function durations(counts: readonly number[], at: number): Durations {
  return { buckets: counts.slice(at, at + bucketCount), sumMs: counts[at + bucketCount] ?? 0 }
}

/** Position of the first bound that is not below `ms`. */
function bucketOf(ms: number): number {
  const quarters = Math.ceil(ms * 4)
  if (quarters <= 1) return 0
  return quarters > 65_536 ? bucketCount - 1 : 32 - Math.clz32(quarters - 1)
}
