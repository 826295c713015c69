import type { Socket } from 'node:net'
import type { TargetPlan } from '../../compile/plan.ts'
import { type ConnectionHome, UpstreamConnection } from './connection.ts'
import { Dial, type DialPorts } from './dial.ts'

/** What the pools count; read by metrics. */
export interface UpstreamCounters {
  opened: number
  reused: number
  /** Requests sent once more because a kept connection had died. */
  retried: number
  /** Bytes that no request asked for: on an idle connection, or after an answer. */
  surplus: number
  connectFailed: number
  ejected: number
}

export interface PoolPorts extends DialPorts {
  readonly nowMs: () => number
  readonly counters: UpstreamCounters
  /** The pool is no longer empty: sweep it from now on. */
  readonly watch: (pool: UpstreamPool) => void
}

export interface PoolSettings {
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly connectionsMax: number
}

/** A request that waits for a connection. */
export interface PoolWaiter {
  /** When it gives up. */
  readonly waitDeadlineMs: number
  /** Takes no connection that served before. */
  readonly wantsFresh: boolean
  connectionReady(connection: UpstreamConnection): void
  /** `full`: every connection is busy. */
  connectionRefused(kind: 'refused' | 'full' | 'timeout', fault: string): void
}

/** Requests waiting at one target; more are refused at once. */
export const waitersMax = 1024
/** Ejection of a target after a failed connect; doubles with each further one. */
const ejectionMs = 500
const ejectionMsMax = 30_000
/** How far below a server's own idle time-out a connection is given up. */
const idleMarginMs = 1_000

/** The connections to one target: last in, first out, so that what is not needed grows old and goes. */
export class UpstreamPool implements ConnectionHome {
  settings: PoolSettings
  /** The target refused a connection: other targets are preferred until then. */
  ejectedUntilMs = 0
  readonly target: TargetPlan
  readonly nowMs: () => number

  private readonly ports: PoolPorts
  private readonly idle: UpstreamConnection[] = []
  private readonly all = new Set<UpstreamConnection>()
  private readonly dials = new Set<Dial>()
  private readonly waiters = new Set<PoolWaiter>()
  private failures = 0
  private draining = false

  constructor(target: TargetPlan, settings: PoolSettings, ports: PoolPorts) {
    this.target = target
    this.settings = settings
    this.ports = ports
    this.nowMs = ports.nowMs
  }

  get isEmpty(): boolean {
    return this.all.size === 0 && this.dials.size === 0 && this.waiters.size === 0
  }

  get connections(): number {
    return this.all.size
  }

  get idleConnections(): number {
    return this.idle.length
  }

  /** A kept connection, or undefined: the waiter is told later, once. */
  acquire(waiter: PoolWaiter, nowMs: number): UpstreamConnection | undefined {
    while (!waiter.wantsFresh) {
      const connection = this.idle.pop()
      if (connection === undefined) break
      if (connection.deadlineMs > nowMs) {
        this.ports.counters.reused++
        return connection
      }
      connection.destroy()
    }
    if (this.waiters.size >= waitersMax) {
      waiter.connectionRefused('full', 'no connection free')
      return undefined
    }
    this.waiters.add(waiter)
    this.dialForWaiters()
    return undefined
  }

  /** The waiter's caller is gone. */
  cancel(waiter: PoolWaiter): void {
    this.waiters.delete(waiter)
  }

  released(connection: UpstreamConnection): void {
    for (const waiter of this.waiters) {
      if (waiter.wantsFresh) continue
      this.waiters.delete(waiter)
      this.ports.counters.reused++
      waiter.connectionReady(connection)
      return
    }
    this.keep(connection)
  }

  lost(connection: UpstreamConnection): void {
    this.all.delete(connection)
    const at = this.idle.indexOf(connection)
    if (at !== -1) this.idle.splice(at, 1)
    this.dialForWaiters()
  }

  sawSurplus(): void {
    this.ports.counters.surplus++
  }

  /** Ends whatever has waited past its deadline; called by the one coarse clock. */
  sweep(nowMs: number): void {
    // Waiters first: whether a connect was under way decides what they are told.
    for (const waiter of this.waiters) {
      if (waiter.waitDeadlineMs > nowMs) continue
      this.waiters.delete(waiter)
      if (this.dials.size > 0) waiter.connectionRefused('timeout', 'connect')
      else waiter.connectionRefused('full', 'no connection free')
    }
    for (const dial of this.dials) {
      if (dial.deadlineMs > nowMs) continue
      dial.abort()
      this.dialFailed(dial, 'ETIMEDOUT')
    }
    for (const connection of this.all) {
      if (connection.deadlineMs <= nowMs) connection.expire()
    }
  }

  /** The target left the configuration: requests in flight finish, nothing is kept. */
  drain(): void {
    this.draining = true
    for (const connection of [...this.idle]) connection.destroy()
  }

  /** Ends everything at once; requests in flight are told. */
  close(): void {
    this.draining = true
    for (const waiter of [...this.waiters]) {
      this.waiters.delete(waiter)
      waiter.connectionRefused('refused', 'shutting down')
    }
    for (const dial of this.dials) dial.abort()
    this.dials.clear()
    for (const connection of [...this.all]) connection.shut()
  }

  private keep(connection: UpstreamConnection): void {
    const hint = connection.keepAliveSeconds
    const idleMs =
      hint === undefined
        ? this.settings.idleTimeoutMs
        : Math.min(this.settings.idleTimeoutMs, hint * 1000 - idleMarginMs)
    if (this.draining || idleMs <= 0) {
      connection.destroy()
      return
    }
    connection.deadlineMs = this.nowMs() + idleMs
    this.idle.push(connection)
  }

  private dialForWaiters(): void {
    while (this.waiters.size > this.dials.size && this.all.size + this.dials.size < this.settings.connectionsMax) {
      this.dial()
    }
  }

  private dial(): void {
    let connection: UpstreamConnection | undefined
    const dial = new Dial(
      this.target,
      this.ports,
      this.nowMs() + this.settings.connectTimeoutMs,
      {
        dialed: (socket) => {
          connection = this.welcome(dial, socket)
        },
        dialFailed: (fault) => this.dialFailed(dial, fault),
      },
      (bytes, buffer) => {
        if (connection !== undefined) connection.readBytes(bytes, buffer)
        else dial.spokeFirst()
        return true
      },
    )
    this.dials.add(dial)
    this.ports.watch(this)
    dial.start()
  }

  private welcome(dial: Dial, socket: Socket): UpstreamConnection {
    this.dials.delete(dial)
    this.failures = 0
    this.ejectedUntilMs = 0
    this.ports.counters.opened++
    const connection = new UpstreamConnection(socket, this)
    this.all.add(connection)
    const [waiter] = this.waiters
    if (waiter === undefined) this.keep(connection)
    else {
      this.waiters.delete(waiter)
      waiter.connectionReady(connection)
    }
    return connection
  }

  private dialFailed(dial: Dial, fault: string): void {
    this.dials.delete(dial)
    this.ports.counters.connectFailed++
    this.eject()
    // A dial belongs to nobody: it fails a waiter only when there are more waiters than connections to come.
    const [waiter] = this.waiters
    if (waiter !== undefined && this.waiters.size > this.dials.size) {
      this.waiters.delete(waiter)
      waiter.connectionRefused('refused', fault)
    }
    this.dialForWaiters()
  }

  private eject(): void {
    const nowMs = this.nowMs()
    // Several dials that fail together are one failure.
    if (nowMs < this.ejectedUntilMs) return
    this.ejectedUntilMs = nowMs + Math.min(ejectionMsMax, ejectionMs * 2 ** Math.min(this.failures++, 10))
    this.ports.counters.ejected++
  }
}
