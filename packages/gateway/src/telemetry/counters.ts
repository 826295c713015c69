import type { EndCause } from '../domain/end-cause.ts'
import type { Outcome } from '../domain/reasons.ts'
import type { Reason } from '../domain/reject.ts'
import { apiColumns, bucketCount, bucketOf, issuerColumns } from './counter-columns.ts'
import { type CountRow, createSlots } from './counter-slots.ts'

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

/** What one process counted, as plain data. Positions are those of `counter` and `gauge`. */
export interface CounterSnapshot {
  readonly counters: readonly number[]
  readonly gauges: readonly number[]
  /** The first one has no id: requests before an API was found. `apiCounts` reads them. */
  readonly apis: readonly CountRow[]
  /** `issuerCounts` reads them. */
  readonly issuers: readonly CountRow[]
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

export function createCounters(): Counters {
  const counters = new Float64Array(Object.keys(counter).length)
  const gauges = new Float64Array(Object.keys(gauge).length)
  const apis = createSlots(apiColumns.width)
  const issuers = createSlots(issuerColumns.width)
  apis.assign([''])

  return {
    assign: (apiIds, issuerIds) => ({
      apis: apis.assign(['', ...apiIds]).slice(1),
      issuers: issuers.assign(issuerIds),
    }),
    request: (apiSlot, outcome, reason, status, durationMs, upstreamMs) => {
      const at = apiSlot * apiColumns.width
      apis.add(at + apiColumns.ending(outcome, reason), 1)
      if (outcome === 'forwarded' && status >= 100 && status < 600) apis.add(at + apiColumns.status(status), 1)
      apis.add(at + apiColumns.total + bucketOf(durationMs), 1)
      apis.add(at + apiColumns.total + bucketCount, durationMs)
      if (upstreamMs < 0) return
      apis.add(at + apiColumns.upstream + bucketOf(upstreamMs), 1)
      apis.add(at + apiColumns.upstream + bucketCount, upstreamMs)
    },
    verification: (issuerSlot, algorithmBit, passed) => {
      issuers.add(issuerSlot * issuerColumns.width + issuerColumns.check(algorithmBit, passed), 1)
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
      apis: apis.read(),
      issuers: issuers.read(),
    }),
  }
}
