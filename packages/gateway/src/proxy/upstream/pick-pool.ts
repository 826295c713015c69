import type { UpstreamPlan } from '../../compile/plan.ts'
import type { TargetPool } from './target-pool.ts'

/** The targets of one upstream and whose turn it is. */
export interface PoolGroup {
  readonly pools: readonly TargetPool[]
  readonly balance: UpstreamPlan['balance']
  next: number
}

/**
 * The pool that takes a request: of those not passed over, the next in turn, or the one with the fewest requests, in
 * turn among equals. With all passed over, the one whose time is up first; never none. `avoid` has just refused this
 * very request.
 */
export function pickPool(group: PoolGroup, nowMs: () => number, avoid?: TargetPool): TargetPool {
  const { pools, balance, next } = group
  const count = pools.length
  const first = pools[next]
  if (first === undefined) throw new Error('an upstream has at least one target')
  if (count === 1) return first
  group.next = (next + 1) % count
  const byLoad = balance === 'leastConnections'
  let now = 0
  let best: TargetPool | undefined
  let soonest: TargetPool | undefined
  for (let i = 0; i < count; i++) {
    const pool = pools[(next + i) % count] ?? first
    if (pool === avoid) continue
    const untilMs = pool.health.ejectedUntilMs
    if (untilMs !== 0 && now === 0) now = nowMs()
    if (untilMs > now) {
      if (soonest === undefined || untilMs < soonest.health.ejectedUntilMs) soonest = pool
    } else if (!byLoad) return pool
    else if (best === undefined || pool.load < best.load) best = pool
  }
  return best ?? soonest ?? first
}
