import { type ApiCounts, type CounterSnapshot, type Durations, gauge, type IssuerCounts } from './counters.ts'

type Merge = (a: number, b: number) => number

const sum: Merge = (a, b) => a + b

/** How a gauge of several workers becomes one number: the oldest generation, the worst delay, the sum of the rest. */
const gaugeMerge: ReadonlyMap<number, Merge> = new Map([
  [gauge.generation, Math.min],
  [gauge.eventLoopDelayExcessMs, Math.max],
])

const nothing: CounterSnapshot = { counters: [], gauges: [], apis: [], issuers: [] }

/** One snapshot of what several workers counted; empty for none. */
export function mergeCounters(snapshots: readonly CounterSnapshot[]): CounterSnapshot {
  const [first = nothing, ...others] = snapshots
  return others.reduce(
    (a, b): CounterSnapshot => ({
      counters: addLists(a.counters, b.counters),
      gauges: a.gauges.map((value, index) => (gaugeMerge.get(index) ?? sum)(value, b.gauges[index] ?? 0)),
      apis: mergeById(a.apis, b.apis, addApis),
      issuers: mergeById(a.issuers, b.issuers, addIssuers),
    }),
    first,
  )
}

function mergeById<T extends { readonly id: string }>(
  a: readonly T[],
  b: readonly T[],
  merge: (a: T, b: T) => T,
): readonly T[] {
  const merged = new Map(a.map((item) => [item.id, item]))
  for (const item of b) {
    const known = merged.get(item.id)
    merged.set(item.id, known === undefined ? item : merge(known, item))
  }
  return [...merged.values()]
}

function addLists(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.map((value, index) => value + (b[index] ?? 0))
}

function addDurations(a: Durations, b: Durations): Durations {
  return { buckets: addLists(a.buckets, b.buckets), sumMs: a.sumMs + b.sumMs }
}

function addApis(a: ApiCounts, b: ApiCounts): ApiCounts {
  return {
    id: a.id,
    endings: addLists(a.endings, b.endings),
    statuses: addLists(a.statuses, b.statuses),
    total: addDurations(a.total, b.total),
    upstream: addDurations(a.upstream, b.upstream),
  }
}

function addIssuers(a: IssuerCounts, b: IssuerCounts): IssuerCounts {
  return { id: a.id, passed: addLists(a.passed, b.passed), failed: addLists(a.failed, b.failed) }
}
