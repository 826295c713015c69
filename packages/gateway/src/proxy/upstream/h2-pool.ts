import type { Socket } from 'node:net'
import type { TargetPlan } from '../../compile/plan.ts'
import { Dial } from './dial.ts'
import { type H2Home, H2Session } from './h2-session.ts'
import type { H2Stream } from './h2-stream.ts'
import type { TargetHealth } from './target-health.ts'
import { healthOf, type PoolPorts, type PoolSettings, type PoolWaiter, type TargetPool } from './target-pool.ts'

/** Sessions to one HTTP/2 target: a further one is made only when those there are have no room (RFC 9113 9.1). */
export class H2Pool implements TargetPool, H2Home {
  settings: PoolSettings
  peers: readonly TargetPool[] = []
  readonly health: TargetHealth
  readonly target: TargetPlan
  readonly nowMs: () => number

  private readonly ports: PoolPorts
  private readonly sessions = new Set<H2Session>()
  /** Connected, and the server's settings have not come yet; until when they may. */
  private readonly starting = new Map<H2Session, number>()
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
    return this.connections === 0 && this.dials.size === 0 && this.waiters.size === 0
  }

  get connections(): number {
    return this.sessions.size + this.starting.size
  }

  get idleConnections(): number {
    let count = 0
    for (const session of this.sessions) if (session.active === 0) count++
    return count
  }

  get load(): number {
    return this.active() + this.waiters.size
  }

  idleTimeoutMs(): number {
    return this.settings.idleTimeoutMs
  }

  acquire(waiter: PoolWaiter): H2Stream | undefined {
    const stream = this.waiters.size === 0 ? this.take(waiter.wantsFresh) : undefined
    if (stream !== undefined) return stream
    if (this.waiters.size - this.places() >= this.settings.waitingMax) {
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

  ready(session: H2Session): void {
    if (!this.starting.delete(session)) return
    this.sessions.add(session)
    this.health.connected()
    this.ports.counters.opened++
    this.freed(session)
  }

  freed(session: H2Session): void {
    this.serveWaiters()
    if (this.draining && session.active === 0) session.drain()
  }

  lost(session: H2Session): void {
    if (this.starting.delete(session)) this.connectFailed(session.fault)
    else if (this.sessions.delete(session)) this.dialForWaiters()
  }

  sweep(nowMs: number): void {
    for (const waiter of this.waiters) {
      if (waiter.waitDeadlineMs > nowMs) continue
      this.waiters.delete(waiter)
      if (this.dials.size + this.starting.size > 0) waiter.connectionRefused('timeout', 'connect')
      else waiter.connectionRefused('full', 'no connection free')
    }
    for (const dial of this.dials) {
      if (dial.deadlineMs > nowMs) continue
      dial.abort()
      this.dials.delete(dial)
      this.connectFailed('ETIMEDOUT')
    }
    for (const [session, deadlineMs] of this.starting) if (deadlineMs <= nowMs) session.shut('ETIMEDOUT')
    for (const session of this.sessions) session.sweep(nowMs)
  }

  drain(): void {
    this.draining = true
    for (const session of this.sessions) if (session.active === 0) session.drain()
  }

  close(): void {
    this.draining = true
    for (const waiter of [...this.waiters]) {
      this.waiters.delete(waiter)
      waiter.connectionRefused('refused', 'shutting down')
    }
    for (const dial of this.dials) dial.abort()
    this.dials.clear()
    for (const session of [...this.starting.keys(), ...this.sessions]) session.shut('shutting down')
  }

  private active(): number {
    let count = 0
    for (const session of this.sessions) count += session.active
    return count
  }

  /** A place on a session that has one; `fresh`: on one that never served, as long as one can be made. */
  private take(fresh: boolean): H2Stream | undefined {
    if (this.active() >= this.settings.requestsMax) return undefined
    const onlyFresh = fresh && (this.canDial() || this.dials.size + this.starting.size > 0)
    for (const session of this.sessions) {
      if (!session.hasRoom || (onlyFresh && session.uses > 0)) continue
      if (session.uses > 0) this.ports.counters.reused++
      return session.open()
    }
    return undefined
  }

  private serveWaiters(): void {
    for (const waiter of this.waiters) {
      const stream = this.take(waiter.wantsFresh)
      if (stream === undefined) {
        if (waiter.wantsFresh) continue
        // There is no place for anybody.
        break
      }
      this.waiters.delete(waiter)
      waiter.connectionReady(stream)
    }
    this.dialForWaiters()
  }

  /** Requests that may still go, as far as can be known before a further session says how many it takes. */
  private places(): number {
    const mayCome = this.canDial() || this.dials.size + this.starting.size > 0
    return mayCome ? Math.max(0, this.settings.requestsMax - this.active()) : 0
  }

  private canDial(): boolean {
    return this.connections + this.dials.size < this.settings.connectionsMax
  }

  /** One at a time: what comes back may have room for all. */
  private dialForWaiters(): void {
    if (this.waiters.size === 0 || this.dials.size + this.starting.size > 0 || !this.canDial()) return
    if (this.active() >= this.settings.requestsMax) return
    const dial = new Dial(this.target, this.settings, this.ports, this.nowMs() + this.settings.connectTimeoutMs, {
      dialed: (socket) => this.welcome(dial, socket),
      dialFailed: (fault) => {
        this.dials.delete(dial)
        this.connectFailed(fault)
      },
    })
    this.dials.add(dial)
    this.ports.watch(this)
    dial.start()
  }

  private welcome(dial: Dial, socket: Socket): void {
    this.dials.delete(dial)
    const session = new H2Session(socket, this.target.kind === 'h2' ? 'https' : 'http', this)
    this.starting.set(session, dial.deadlineMs)
  }

  /** Whoever waits for a session that exists goes on waiting; the others have nothing to wait for. */
  private connectFailed(fault: string): void {
    this.ports.counters.connectFailed++
    this.health.connectFailed(fault)
    if (this.sessions.size > 0) return
    for (const waiter of [...this.waiters]) {
      this.waiters.delete(waiter)
      waiter.connectionRefused('refused', fault)
    }
  }
}
