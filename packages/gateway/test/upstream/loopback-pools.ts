import { lookup } from 'node:dns'
import { afterEach } from 'vitest'
import type { TargetPlan, UpstreamPlan } from '../../src/compile/plan.ts'
import { headerNames } from '../../src/domain/header-name.ts'
import { forward } from '../../src/proxy/forward.ts'
import type { UpstreamHead } from '../../src/proxy/steps/shape-upstream.ts'
import type { Lookup } from '../../src/proxy/upstream/dial.ts'
import type { ForwardOutcome } from '../../src/proxy/upstream/forward-outcome.ts'
import { createPools, createUpstreamCounters, type Pools } from '../../src/proxy/upstream/pools.ts'
import type { HealthEvent } from '../../src/proxy/upstream/target-pool.ts'
import { type FakeExchange, type FakeRequest, fakeExchange } from './fake-exchange.ts'

const opened: { close: () => unknown }[] = []

/** Closes what a test opened, when it ends; call once a file. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close()
  })
}

/** Closed when the test ends. */
export function closing<T extends { close: () => unknown }>(one: T): T {
  opened.push(one)
  return one
}

/** Pools over real sockets whose time passes only when told. */
export interface ClockedPools extends Pools {
  /** Lets time pass, then sweeps. */
  readonly pass: (ms: number) => void
  readonly events: readonly HealthEvent[]
}

export function clockedPools(over: { lookup?: Lookup; ca?: string[] } = {}): ClockedPools {
  let now = 1000
  let sweep: () => void = () => undefined
  const events: HealthEvent[] = []
  const made = createPools({
    nowMs: () => now,
    every: (_ms, tick) => {
      sweep = tick
      return () => undefined
    },
    lookup: (host, done) => lookup(host, { all: true }, done),
    counters: createUpstreamCounters(),
    onHealth: (event) => events.push(event),
    ...over,
  })
  return Object.assign(closing(made), {
    events,
    pass: (ms: number) => {
      now += ms
      sweep()
    },
  })
}

/** Every name is this machine. */
export const loopback: Lookup = (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }])

export function targetOf(port: number, kind: TargetPlan['kind'] = 'tcp', host = '127.0.0.1'): TargetPlan {
  return { kind, host, port, authority: `${host}:${port}` }
}

export function upstreamPlan(targets: readonly TargetPlan[], over: Partial<UpstreamPlan> = {}): UpstreamPlan {
  return {
    id: 'a',
    rule: 'apis.a.upstream',
    targets,
    host: 'target',
    connectTimeoutMs: 1000,
    responseTimeoutMs: 5000,
    streamIdleTimeoutMs: 300_000,
    idleTimeoutMs: 4000,
    connectionsMax: 16,
    requestsMax: 1024,
    waitingMax: 1024,
    balance: 'leastConnections',
    health: { failures: 3, ejectMs: 500, ejectMsMax: 30_000 },
    tls: undefined,
    ...over,
  }
}

/** A request under way: what its caller got, and how it ended. */
export interface Sent extends FakeExchange {
  readonly outcome: Promise<ForwardOutcome>
  readonly text: () => string
}

export function sendOn(
  on: Pools,
  plan: UpstreamPlan,
  request: FakeRequest = {},
  head: Partial<UpstreamHead> = {},
): Sent {
  const fake = fakeExchange(request)
  const outgoing = {
    method: request.method ?? 'GET',
    target: '/',
    authority: undefined,
    headers: '',
    heldFromTrailers: headerNames([]),
    ...head,
  }
  const outcome = new Promise<ForwardOutcome>((resolve) => {
    forward(fake.exchange, outgoing, plan, on, (_status, rawHeaders) => [...rawHeaders], resolve)
  })
  return Object.assign(fake, { outcome, text: () => Buffer.concat(fake.got.body).toString() })
}
