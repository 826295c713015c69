import type { TargetPlan, UpstreamPlan } from '../../compile/plan.ts'
import type { Carrier } from './carrier.ts'
import type { DialPorts } from './dial.ts'
import { TargetHealth } from './target-health.ts'

/** The connections to one target, whatever they speak. */
export interface TargetPool {
  readonly target: TargetPlan
  readonly health: TargetHealth
  settings: PoolSettings
  /** All pools of the upstream, this one too. */
  peers: readonly TargetPool[]
  /** Nothing is open, on its way or waited for. */
  readonly isEmpty: boolean
  /** Open connections. */
  readonly connections: number
  readonly idleConnections: number
  /** Requests in flight or waiting. */
  readonly load: number
  /** A carrier, or undefined: the waiter is told later, once. */
  acquire(waiter: PoolWaiter, nowMs: number): Carrier | undefined
  /** The waiter's caller is gone. */
  cancel(waiter: PoolWaiter): void
  /** Ends whatever has waited past its deadline; called by the one coarse clock. */
  sweep(nowMs: number): void
  /** The target left the configuration: requests in flight finish, nothing is kept. */
  drain(): void
  /** Ends everything at once; requests in flight are told. */
  close(): void
}

/** What a pool needs to know of its upstream. */
export type PoolSettings = Pick<
  UpstreamPlan,
  | 'id'
  | 'rule'
  | 'connectTimeoutMs'
  | 'idleTimeoutMs'
  | 'connectionsMax'
  | 'requestsMax'
  | 'waitingMax'
  | 'health'
  | 'tls'
>

/** A request that waits for a connection. */
export interface PoolWaiter {
  /** When it gives up. */
  readonly waitDeadlineMs: number
  /** Takes no connection that served before. */
  readonly wantsFresh: boolean
  connectionReady(carrier: Carrier): void
  /** `full`: every connection is busy. */
  connectionRefused(kind: 'refused' | 'full' | 'timeout', fault: string): void
}

/** What the pools count; read by metrics. */
export interface UpstreamCounters {
  opened: number
  reused: number
  /** Requests sent once more because a kept connection had died, or its server had not looked at them. */
  retried: number
  /** Bytes that no request asked for: on an idle connection, or after an answer. */
  surplus: number
  connectFailed: number
  ejected: number
  returned: number
}

/** A target is passed over from now on, or takes requests again. */
export interface HealthEvent {
  readonly rule: string
  /** The target's authority. */
  readonly target: string
  /** Undefined: it returned. */
  readonly ejected: { readonly forMs: number; readonly fault: string } | undefined
}

export interface PoolPorts extends DialPorts {
  readonly nowMs: () => number
  readonly counters: UpstreamCounters
  readonly onHealth: (event: HealthEvent) => void
  /** The pool is no longer empty: sweep it from now on. */
  readonly watch: (pool: TargetPool) => void
}

/** The health of a pool's target, counted and told. */
export function healthOf(pool: TargetPool, { nowMs, counters, onHealth }: PoolPorts): TargetHealth {
  const tell = (ejected: HealthEvent['ejected']): void =>
    onHealth({ rule: pool.settings.rule, target: pool.target.authority, ejected })
  return new TargetHealth({
    nowMs,
    settings: () => pool.settings.health,
    mayEject: (now) => pool.peers.some((other) => other !== pool && other.health.ejectedUntilMs <= now),
    ejected: (forMs, fault) => {
      counters.ejected++
      tell({ forMs, fault })
    },
    returned: () => {
      counters.returned++
      tell(undefined)
    },
  })
}
