import type { Socket } from 'node:net'
import type { TargetPlan } from '../../compile/plan.ts'
import { type ConnectionHome, UpstreamConnection } from './connection.ts'
import { Dial } from './dial.ts'
import type { TargetHealth } from './target-health.ts'
import { healthOf, type PoolPorts, type PoolSettings, type PoolWaiter, type TargetPool } from './target-pool.ts'

/** How far below a server's own idle time-out a connection is given up. */
const idleMarginMs = 1_000

/** The connections to one target: last in, first out, so that what is not needed grows old and goes. */
export class UpstreamPool implements ConnectionHome, TargetPool {
  settings: PoolSettings
  peers: readonly TargetPool[] = []
  readonly health: TargetHealth
  readonly target: TargetPlan
  readonly nowMs: () => number

  private readonly ports: PoolPorts
  private readonly idle: UpstreamConnection[] = []
  private readonly all = new Set<UpstreamConnection>()
  private readonly dials = new Set<Dial>()
  private readonly waiters = new Set<PoolWaiter>()
  private draining = false

  constructor(target: TargetPlan, settings: PoolSettings, ports: PoolPorts) {
    this.target = target
    this.settings = settings
    this.ports = ports
    this.nowMs = ports.nowMs
    this.health = healthOf(this, ports)
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

  get load(): number {
    return this.all.size - this.idle.length + this.waiters.size
  }

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
    // What idles must not stand in the way of what has to be fresh; the one unused longest goes.
    if (waiter.wantsFresh && this.spare() <= 0) this.idle[0]?.destroy()
    if (this.waiters.size - this.dials.size - this.spare() >= this.settings.waitingMax) {
      waiter.connectionRefused('full', 'no connection free')
      return undefined
    }
    this.waiters.add(waiter)
    this.dialForWaiters()
    return undefined
  }

  cancel(waiter: PoolWaiter): void {
    this.waiters.delete(waiter)
  }

  released(connection: UpstreamConnection): void {
    let dials = this.dials.size
    for (const waiter of this.waiters) {
      if (!waiter.wantsFresh) {
        this.waiters.delete(waiter)
        this.ports.counters.reused++
        waiter.connectionReady(connection)
        return
      }
      // It waits for a place, not for a connection on its way: this one leaves its own.
      if (dials-- <= 0) {
        connection.destroy()
        return
      }
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

  drain(): void {
    this.draining = true
    for (const connection of [...this.idle]) connection.destroy()
  }

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
    while (this.waiters.size > this.dials.size && this.spare() > 0) this.dial()
  }

  /** Connections that may still be opened: each carries one request. */
  private spare(): number {
    const { connectionsMax, requestsMax } = this.settings
    return Math.min(connectionsMax, requestsMax) - this.all.size - this.dials.size
  }

  private dial(): void {
    let connection: UpstreamConnection | undefined
    const dial = new Dial(
      this.target,
      this.settings,
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
    this.health.connected()
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
    this.health.connectFailed(fault)
    // A dial belongs to nobody: it fails a waiter only when there are more waiters than connections to come.
    const [waiter] = this.waiters
    if (waiter !== undefined && this.waiters.size > this.dials.size) {
      this.waiters.delete(waiter)
      waiter.connectionRefused('refused', fault)
    }
    this.dialForWaiters()
  }
}
