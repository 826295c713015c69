import type { Snapshot } from '../../compile/snapshot.ts'
import type { RefusedConnections } from '../../proxy/listener/connection-bounds.ts'
import type { ListenerLoad } from '../../proxy/listener/listener.ts'
import type { TlsCounts } from '../../proxy/listener/tls-front.ts'
import type { TokenCache } from '../../proxy/token-cache.ts'
import type { Pools } from '../../proxy/upstream/pools.ts'
import type { UpstreamCounters } from '../../proxy/upstream/target-pool.ts'
import type { BlockWriter } from '../../telemetry/block-writer.ts'
import { type CounterIndex, type CounterSnapshot, type Counters, counter, gauge } from '../../telemetry/counters.ts'

export interface CounterSources {
  readonly counters: Counters
  readonly upstreamCounters: UpstreamCounters
  readonly tlsCounts: TlsCounts
  readonly refusedConnections: RefusedConnections
  readonly cache: TokenCache
  readonly writer: BlockWriter
  readonly pools: Pools
  /** Worst delay of the event loop since the last call, beyond an idle one's. */
  readonly takeLoopDelayMs: () => number
  readonly snapshot: () => Snapshot | undefined
}

/** A worker's counters at a scrape: those that other parts keep for themselves are read only then. */
export function createCounterFeed(sources: CounterSources): (load: ListenerLoad) => CounterSnapshot {
  const { counters, upstreamCounters, tlsCounts, refusedConnections, cache, writer, pools } = sources
  const fed = new Map<CounterIndex, number>()

  function feed(index: CounterIndex, total: number): void {
    counters.add(index, total - (fed.get(index) ?? 0))
    fed.set(index, total)
  }

  return ({ connections, requests }) => {
    feed(counter.upstreamConnectionsOpened, upstreamCounters.opened)
    feed(counter.upstreamConnectionsReused, upstreamCounters.reused)
    feed(counter.upstreamRetries, upstreamCounters.retried)
    feed(counter.upstreamSurplusBytes, upstreamCounters.surplus)
    feed(counter.upstreamConnectFailures, upstreamCounters.connectFailed)
    feed(counter.upstreamEjections, upstreamCounters.ejected)
    feed(counter.upstreamReturns, upstreamCounters.returned)
    feed(counter.tlsHandshakes, tlsCounts.handshakes)
    feed(counter.tlsSessionsResumed, tlsCounts.resumed)
    feed(counter.tlsHandshakesFailed, tlsCounts.failed)
    feed(counter.tlsPlainHttp, tlsCounts.plain)
    feed(counter.tlsCertificatesRefused, tlsCounts.certificatesRefused)
    feed(counter.connectionsRefused, refusedConnections.connections + refusedConnections.connectionsPerAddress)
    feed(counter.tokenCacheAdmissions, cache.admitted())
    feed(counter.tokenCacheEvictions, cache.evicted())
    feed(counter.logLinesDropped, writer.dropped())
    counters.set(gauge.generation, sources.snapshot()?.generation ?? 0)
    counters.set(gauge.tokenCacheEntries, cache.size())
    counters.set(gauge.callerConnections, connections)
    counters.set(gauge.requestsInFlight, requests)
    counters.set(gauge.upstreamConnections, pools.connections())
    counters.set(gauge.upstreamTargetsEjected, pools.ejected())
    counters.set(gauge.eventLoopDelayExcessMs, sources.takeLoopDelayMs())
    return counters.snapshot()
  }
}
