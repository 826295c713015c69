import type { TargetPlan, UpstreamPlan } from '../../compile/plan.ts'
import type { Lookup } from './dial.ts'
import { H2Pool } from './h2-pool.ts'
import { type PoolGroup, pickPool } from './pick-pool.ts'
import { UpstreamPool } from './pool.ts'
import { createSecureContexts } from './secure-contexts.ts'
import type { HealthEvent, PoolPorts, TargetPool, UpstreamCounters } from './target-pool.ts'

export interface PoolsOptions {
  readonly nowMs: () => number
  /** Calls `tick` again and again until the returned function is called; must not keep the process alive. */
  readonly every: (intervalMs: number, tick: () => void) => () => void
  readonly lookup: Lookup
  readonly counters: UpstreamCounters
  readonly onHealth?: (event: HealthEvent) => void
  /** Roots trusted beside Node's own (PEM), where an upstream names none. */
  readonly ca?: readonly string[]
}

/** All connections to upstreams of one worker. They outlive snapshots: a pool is known by its upstream's id and target. */
export interface Pools {
  readonly nowMs: () => number
  readonly counters: UpstreamCounters
  /** The pool of the target that takes a request, never none; `avoid` has just refused it. */
  readonly pick: (plan: UpstreamPlan, avoid?: TargetPool) => TargetPool
  /** After a reload: pools that none of `plans` names finish their requests and end. */
  readonly retain: (plans: readonly UpstreamPlan[]) => void
  /** Open connections over all targets. */
  readonly connections: () => number
  /** Targets passed over now. */
  readonly ejected: () => number
  /** Ends every connection; requests in flight fail. */
  readonly close: () => void
}

/** Deadlines are kept to this accuracy: never early, at most this much late. */
const sweepIntervalMs = 100

/** A set of counters at zero. */
export function createUpstreamCounters(): UpstreamCounters {
  return { opened: 0, reused: 0, retried: 0, surplus: 0, connectFailed: 0, ejected: 0, returned: 0 }
}

/** Pools without a connection; nothing is opened before a request asks. */
export function createPools(options: PoolsOptions): Pools {
  const byKey = new Map<string, TargetPool>()
  const groups = new WeakMap<UpstreamPlan, PoolGroup>()
  const busy = new Set<TargetPool>()
  const { nowMs, counters, lookup, ca } = options
  const contexts = createSecureContexts(ca)
  const ports: PoolPorts = {
    nowMs,
    counters,
    lookup,
    onHealth: options.onHealth ?? (() => undefined),
    watch: (pool) => busy.add(pool),
    secureContext: contexts.of,
  }

  const stop = options.every(sweepIntervalMs, () => {
    const now = nowMs()
    for (const pool of busy) {
      pool.sweep(now)
      if (pool.isEmpty) busy.delete(pool)
    }
  })

  const poolOf = (plan: UpstreamPlan, target: TargetPlan): TargetPool => {
    const key = keyOf(plan, target)
    const known = byKey.get(key)
    if (known !== undefined) {
      known.settings = plan
      return known
    }
    const speaksH2 = target.kind === 'h2' || target.kind === 'h2c'
    const pool = speaksH2 ? new H2Pool(target, plan, ports) : new UpstreamPool(target, plan, ports)
    byKey.set(key, pool)
    return pool
  }

  return {
    nowMs,
    counters,
    pick: (plan, avoid) => {
      let group = groups.get(plan)
      if (group === undefined) {
        const pools = plan.targets.map((target) => poolOf(plan, target))
        for (const pool of pools) pool.peers = pools
        group = { pools, balance: plan.balance, next: 0 }
        groups.set(plan, group)
      }
      return pickPool(group, nowMs, avoid)
    },
    retain: (plans) => {
      const wanted = new Set<string>()
      for (const plan of plans) for (const target of plan.targets) wanted.add(keyOf(plan, target))
      contexts.retain(new Set(plans.map(({ id }) => id)))
      for (const [key, pool] of byKey) {
        if (wanted.has(key)) continue
        byKey.delete(key)
        pool.drain()
      }
    },
    connections: () => {
      let count = 0
      for (const pool of busy) count += pool.connections
      return count
    },
    ejected: () => {
      const now = nowMs()
      let count = 0
      for (const pool of byKey.values()) if (pool.health.ejectedUntilMs > now) count++
      return count
    },
    close: () => {
      stop()
      for (const pool of busy) pool.close()
    },
  }
}

function keyOf(plan: UpstreamPlan, target: TargetPlan): string {
  return `${plan.id}\n${target.kind}\n${target.host}\n${target.port}`
}
