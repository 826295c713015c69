import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import type { TargetPlan, UpstreamPlan } from '../../compile/plan.ts'
import type { Lookup } from './dial.ts'
import { type PoolPorts, type UpstreamCounters, UpstreamPool } from './pool.ts'

export interface PoolsOptions {
  readonly nowMs: () => number
  /** Calls `tick` again and again until the returned function is called; must not keep the process alive. */
  readonly every: (intervalMs: number, tick: () => void) => () => void
  readonly lookup: Lookup
  readonly counters: UpstreamCounters
  /** Roots trusted beside Node's own (PEM). */
  readonly ca?: readonly string[]
}

/** All connections to upstreams of one worker. They outlive snapshots: a pool is known by its upstream's id and target. */
export interface Pools {
  readonly nowMs: () => number
  readonly counters: UpstreamCounters
  /** The pool of the next target in turn, passing over targets that just refused; never none. */
  readonly pick: (plan: UpstreamPlan) => UpstreamPool
  /** After a reload: pools that none of `plans` names finish their requests and end. */
  readonly retain: (plans: readonly UpstreamPlan[]) => void
  /** Open connections over all targets. */
  readonly connections: () => number
  /** Ends every connection; requests in flight fail. */
  readonly close: () => void
}

/** Deadlines are kept to this accuracy: never early, at most this much late. */
export const sweepIntervalMs = 100

interface Group {
  readonly pools: readonly UpstreamPool[]
  next: number
}

/** A set of counters at zero. */
export function createUpstreamCounters(): UpstreamCounters {
  return { opened: 0, reused: 0, retried: 0, surplus: 0, connectFailed: 0, ejected: 0 }
}

/** Pools without a connection; nothing is opened before a request asks. */
export function createPools(options: PoolsOptions): Pools {
  const byKey = new Map<string, UpstreamPool>()
  const groups = new WeakMap<UpstreamPlan, Group>()
  const busy = new Set<UpstreamPool>()
  const { nowMs, counters, lookup, ca } = options
  let secureContext: SecureContext | undefined
  const ports: PoolPorts = {
    nowMs,
    counters,
    lookup,
    watch: (pool) => busy.add(pool),
    secureContext: () => {
      const trust = ca === undefined ? {} : { ca: [...rootCertificates, ...ca] }
      secureContext ??= createSecureContext({ minVersion: 'TLSv1.2', ...trust })
      return secureContext
    },
  }

  const stop = options.every(sweepIntervalMs, () => {
    const now = nowMs()
    for (const pool of busy) {
      pool.sweep(now)
      if (pool.isEmpty) busy.delete(pool)
    }
  })

  const poolOf = (plan: UpstreamPlan, target: TargetPlan): UpstreamPool => {
    const key = keyOf(plan, target)
    const known = byKey.get(key)
    if (known !== undefined) {
      known.settings = plan
      return known
    }
    const pool = new UpstreamPool(target, plan, ports)
    byKey.set(key, pool)
    return pool
  }

  return {
    nowMs,
    counters,
    pick: (plan) => {
      let group = groups.get(plan)
      if (group === undefined) {
        group = { pools: plan.targets.map((target) => poolOf(plan, target)), next: 0 }
        groups.set(plan, group)
      }
      return pickOf(group, nowMs)
    },
    retain: (plans) => {
      const wanted = new Set<string>()
      for (const plan of plans) for (const target of plan.targets) wanted.add(keyOf(plan, target))
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
    close: () => {
      stop()
      for (const pool of busy) pool.close()
    },
  }
}

function pickOf(group: Group, nowMs: () => number): UpstreamPool {
  const { pools } = group
  const count = pools.length
  let best = pools[group.next % count]
  group.next = (group.next + 1) % count
  if (best === undefined) throw new Error('an upstream has at least one target')
  if (best.ejectedUntilMs === 0 || count === 1) return best
  const now = nowMs()
  for (let i = 0; i < count && best.ejectedUntilMs > now; i++) {
    const other = pools[(group.next + i) % count]
    if (other !== undefined && other.ejectedUntilMs < best.ejectedUntilMs) best = other
  }
  return best
}

function keyOf(plan: UpstreamPlan, target: TargetPlan): string {
  return `${plan.id}\n${target.kind}\n${target.host}\n${target.port}`
}
