import { lookup } from 'node:dns'
import type { UpstreamPlan } from '../packages/gateway/src/compile/plan.ts'
import { headerNames } from '../packages/gateway/src/domain/header-name.ts'
import type { Exchange, Reply } from '../packages/gateway/src/proxy/exchange.ts'
import { forward } from '../packages/gateway/src/proxy/forward.ts'
import type { ForwardOutcome } from '../packages/gateway/src/proxy/upstream/forward-outcome.ts'
import { createPools, createUpstreamCounters } from '../packages/gateway/src/proxy/upstream/pools.ts'

/** CPU per request of the forwarder alone, in front of an upstream on loopback: `tsx bench/upstream-client.ts PORT`. */
const port = Number(process.argv[2])
const concurrency = Number(process.argv[3] ?? 32)
const seconds = Number(process.argv[4] ?? 5)
const bodyBytes = Number(process.argv[5] ?? 0)

const counters = createUpstreamCounters()
const pools = createPools({
  nowMs: () => performance.now(),
  every: (intervalMs, tick) => {
    const timer = setInterval(tick, intervalMs)
    return () => clearInterval(timer)
  },
  lookup: (host, done) => lookup(host, { all: true }, done),
  counters,
})
const plan: UpstreamPlan = {
  id: 'bench',
  rule: 'apis.bench.upstream',
  targets: [{ kind: 'tcp', host: '127.0.0.1', port, authority: `127.0.0.1:${port}` }],
  host: 'target',
  connectTimeoutMs: 5000,
  responseTimeoutMs: 30_000,
  streamIdleTimeoutMs: 300_000,
  idleTimeoutMs: 4000,
  connectionsMax: 1024,
  requestsMax: 1024,
  waitingMax: 1024,
  balance: 'leastConnections',
  health: { failures: 3, ejectMs: 500, ejectMsMax: 30_000 },
  tls: undefined,
}
const block = Array.from({ length: 12 }, (_, i) => `X-Header-${i}: value of the header ${i}\r\n`).join('')
const head = {
  method: bodyBytes > 0 ? 'POST' : 'GET',
  target: '/',
  authority: `127.0.0.1:${port}`,
  headers: block,
  heldFromTrailers: headerNames([]),
}
const body = Buffer.alloc(bodyBytes)
let count = 0
let failed = 0
let running = true
const reply: Reply = {
  holdsPieces: false,
  head: () => undefined,
  data: () => true,
  end: () => undefined,
  send: () => undefined,
  abort: () => undefined,
  onDrain: () => undefined,
  onGone: () => undefined,
}
const exchange: Exchange = {
  method: head.method,
  target: '/',
  rawHeaders: [],
  httpVersion: '1.1',
  peer: '',
  scheme: 'http',
  listener: 0,
  tls: undefined,
  receivedMs: 0,
  body: {
    kind: bodyBytes > 0 ? 'sized' : 'none',
    bytes: bodyBytes,
    start: (sink) => {
      sink.data(body)
      sink.end()
    },
    pause: () => undefined,
    resume: () => undefined,
  },
  reply,
}
const same = (_status: number, rawHeaders: readonly string[]): string[] => [...rawHeaders]
function done(outcome: ForwardOutcome): void {
  if (outcome.ok) count++
  else failed++
  if (running) forward(exchange, head, plan, pools, same, done)
}
for (let i = 0; i < concurrency; i++) forward(exchange, head, plan, pools, same, done)
await new Promise((resolve) => setTimeout(resolve, 2000))
const before = process.cpuUsage()
const countBefore = count
const started = performance.now()
await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
const used = process.cpuUsage(before)
const finished = count - countBefore
running = false
process.stdout.write(
  `${process.version} ${((used.user + used.system) / finished).toFixed(2)} us/request (user ${(used.user / finished).toFixed(2)}, system ${(used.system / finished).toFixed(2)}), ${Math.round((finished * 1000) / (performance.now() - started))} rps, failed ${failed}, opened ${counters.opened}\n`,
)
pools.close()
process.exit(0)
