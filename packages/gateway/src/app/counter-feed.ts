import type { Snapshot } from '../compile/snapshot.ts'
import type { TokenCache } from '../proxy/token-cache.ts'
import type { UpstreamCounters } from '../proxy/upstream/pool.ts'
import type { BlockWriter } from '../telemetry/block-writer.ts'
import { type CounterIndex, type CounterSnapshot, type Counters, counter, gauge } from '../telemetry/counters.ts'

export interface CounterSources {
  readonly counters: Counters
  readonly upstreamCounters: UpstreamCounters
  readonly cache: TokenCache
  readonly writer: BlockWriter
  readonly snapshot: () => Snapshot | undefined
}

/** A worker's counters at a scrape: those that other parts keep for themselves are read only then. */
export function createCounterFeed(sources: CounterSources): () => CounterSnapshot {
  const { counters, upstreamCounters, cache, writer } = sources
  const fed = new Map<CounterIndex, number>()

  function feed(index: CounterIndex, total: number): void {
    counters.add(index, total - (fed.get(index) ?? 0))
    fed.set(index, total)
  }

  return () => {
    feed(counter.upstreamConnectionsOpened, upstreamCounters.opened)
    feed(counter.upstreamConnectionsReused, upstreamCounters.reused)
    feed(counter.upstreamRetries, upstreamCounters.retried)
    feed(counter.upstreamSurplusBytes, upstreamCounters.surplus)
    feed(counter.logLinesDropped, writer.dropped())
    counters.set(gauge.generation, sources.snapshot()?.generation ?? 0)
    counters.set(gauge.tokenCacheEntries, cache.size())
    return counters.snapshot()
  }
}
