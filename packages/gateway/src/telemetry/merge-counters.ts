import type { CountRow } from './counter-slots.ts'
import { type CounterSnapshot, gauge } from './counters.ts'

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
      apis: mergeById(a.apis, b.apis),
      issuers: mergeById(a.issuers, b.issuers),
    }),
    first,
  )
}

function mergeById(a: readonly CountRow[], b: readonly CountRow[]): readonly CountRow[] {
  const merged = new Map(a.map((row) => [row.id, row]))
  for (const row of b) {
    const known = merged.get(row.id)
    merged.set(row.id, known === undefined ? row : { id: row.id, counts: addCounts(known.counts, row.counts) })
  }
  return [...merged.values()]
}

function addLists(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.map((value, index) => value + (b[index] ?? 0))
}

/** Two lists of column and value in turn, both by column. */
function addCounts(a: readonly number[], b: readonly number[]): readonly number[] {
  const sums: number[] = []
  let at = 0
  for (let from = 0; from < a.length; from += 2) {
    const column = a[from] ?? 0
    for (; at < b.length && (b[at] ?? 0) < column; at += 2) sums.push(b[at] ?? 0, b[at + 1] ?? 0)
    const isBoth = b[at] === column
    sums.push(column, (a[from + 1] ?? 0) + (isBoth ? (b[at + 1] ?? 0) : 0))
    if (isBoth) at += 2
  }
  return [...sums, ...b.slice(at)]
}
