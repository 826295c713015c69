import { randomBytes, randomFillSync } from 'node:crypto'
import { lookup } from 'node:dns'
import { isatty } from 'node:tty'
import type { Snapshot } from '../../compile/snapshot.ts'
import type { Decision } from '../../domain/decision.ts'
import type { DescribedRequest } from '../../domain/described-request.ts'
import { createApiKeyHash } from '../../keys/api-key-hash.ts'
import { indexOnce } from '../../keys/index-once.ts'
import { createWorkerIntrospection, type WorkerIntrospection } from '../../keys/introspection/worker-introspection.ts'
import { verifySignature } from '../../keys/verify-signature.ts'
import { askingNobody } from '../../proxy/explain.ts'
import { createGateway, type Gateway } from '../../proxy/gateway.ts'
import type { RefusedConnections } from '../../proxy/listener/connection-bounds.ts'
import type { ListenerLoad } from '../../proxy/listener/listener.ts'
import type { TlsCounts } from '../../proxy/listener/tls-front.ts'
import type { PipelinePorts } from '../../proxy/pipeline.ts'
import { assignSlots } from '../../proxy/record.ts'
import { createTokenCache, type TokenCacheBounds } from '../../proxy/token-cache.ts'
import { createPools, createUpstreamCounters, type Pools } from '../../proxy/upstream/pools.ts'
import { createFailedTokens } from '../../state/failed-tokens.ts'
import { createTurns } from '../../state/turns.ts'
import { createVerificationBudget } from '../../state/verification-budget.ts'
import { createAccessLog } from '../../telemetry/access-log.ts'
import { type CounterSnapshot, type Counters, createCounters, type SlotMap } from '../../telemetry/counters.ts'
import { createDecisionIds } from '../../telemetry/decision-id.ts'
import { createDecisionRing } from '../../telemetry/decision-ring.ts'
import { describeDecision } from '../../telemetry/describe-decision.ts'
import type { Log } from '../../telemetry/log.ts'
import { createSubjectHash } from '../../telemetry/subject-hash.ts'
import type { ControlLink } from '../channel/reach-control.ts'
import { setTimer } from '../channel/set-timer.ts'
import type { OpenLog } from '../open-log.ts'
import type { WorkerOptions } from '../start-options.ts'
import { createCounterFeed } from './counter-feed.ts'
import { watchLoopDelay } from './loop-delay.ts'
import type { WorkerKeys } from './worker-keys.ts'

/** What serves a worker's requests, and what it knows about those it served. Outlives every generation. */
export interface Traffic {
  readonly gateway: Gateway
  /** A generation is in force: what belongs to earlier ones alone may go. */
  readonly retain: (snapshot: Snapshot) => void
  /** These issuers' introspection answers hold no longer. */
  readonly forget: (issuerIds: readonly string[]) => void
  /** What was counted; `load` is the listener's. */
  readonly counters: (load: ListenerLoad) => CounterSnapshot
  readonly decision: (id: string) => Decision | undefined
  readonly explain: (request: DescribedRequest) => Promise<Decision | undefined>
}

export interface TrafficParts {
  readonly options: WorkerOptions
  readonly opened: OpenLog
  readonly tlsCounts: TlsCounts
  readonly refusedConnections: RefusedConnections
  readonly control: ControlLink
  readonly keys: WorkerKeys
  readonly subjectKey: Buffer
  /** What API keys are hashed with. */
  readonly apiKeyKey: Buffer
  /** This installation's name in `Via`. */
  readonly pseudonym: string
  readonly snapshot: () => Snapshot | undefined
}

/** Longest time-out a configuration may set; the request itself waits as long as its issuer's says. */
const introspectMs = 30_000
/** Room for ten thousand tokens of one issuer of 1.2 KiB each: 35 of a worker's 150 MiB (`test/long/memory`). */
const cacheBounds: TokenCacheBounds = { entriesMax: 16_384, bytesMax: 45 * 1024 * 1024, issuerShare: 0.75 }
/** Of a node's questions about opaque tokens, those of one address: half of what control asks an endpoint at once. */
const questionsPerAddress = 16
const stdout = 1

/** Wires the gateway to a worker's parts. */
export function createTraffic(parts: TrafficParts): Traffic {
  const { options, opened, snapshot } = parts
  const counters = createCounters()
  const ring = createDecisionRing()
  const introspection = createIntrospection(parts)
  const cache = createTokenCache(cacheBounds)
  const upstreamCounters = createUpstreamCounters()
  const pools = openPools(upstreamCounters, opened.log)
  const pipeline = createPipelinePorts(parts, counters, introspection, cache)
  const gateway = createGateway({
    snapshot,
    pipeline,
    peeking: peekingPorts(pipeline, introspection, parts.keys),
    pools,
    counters,
    ring,
    accessLog: createAccessLog({ writer: opened.writer, format: options.logFormat, colour: isatty(stdout) }),
    nextDecisionId: createDecisionIds((buffer) => void randomFillSync(buffer), options.worker),
    subjectHash: createSubjectHash(parts.subjectKey),
    nowMs: Date.now,
    onBug: opened.bug,
    every,
    randomBytes,
  })
  const takeLoopDelayMs = watchLoopDelay()
  const { writer } = opened
  const { tlsCounts, refusedConnections } = parts
  const feed = createCounterFeed({
    counters,
    upstreamCounters,
    tlsCounts,
    refusedConnections,
    cache,
    writer,
    pools,
    snapshot,
    takeLoopDelayMs,
  })
  return {
    gateway,
    retain: ({ apis }) => pools.retain(apis.map(({ plan }) => plan.upstream)),
    forget: (issuerIds) => {
      for (const issuerId of issuerIds) introspection.forget(issuerId)
    },
    counters: feed,
    decision: (id) => {
      const entry = ring.find(id, Date.now())
      return entry === undefined ? undefined : describeDecision(entry)
    },
    explain: async (request) => {
      const entry = await gateway.explain(request)
      return entry === undefined ? undefined : describeDecision(entry)
    },
  }
}

function createIntrospection({ control }: TrafficParts): WorkerIntrospection {
  return createWorkerIntrospection({
    ask: async (issuerId, token) => {
      const answer = await control.call('introspect', { issuerId, token }, introspectMs)
      if (!answer.ok) throw new Error(answer.error)
      return answer.value
    },
    nowMs: Date.now,
    setTimer,
    hashKey: randomBytes(32),
  })
}

function openPools(counters: ReturnType<typeof createUpstreamCounters>, log: Log): Pools {
  return createPools({
    nowMs: Date.now,
    every,
    lookup: (host, done) => lookup(host, { all: true }, done),
    counters,
    onHealth: ({ rule, target, ejected }) => {
      if (ejected === undefined) log.info('upstream_returned', { rule, target })
      else log.warn('upstream_ejected', { rule, target, fault: ejected.fault, forMs: ejected.forMs })
    },
  })
}

function every(intervalMs: number, tick: () => void): () => void {
  const timer = setInterval(tick, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

function createPipelinePorts(
  { options, keys, apiKeyKey, pseudonym, snapshot }: TrafficParts,
  counters: Counters,
  introspection: WorkerIntrospection,
  cache: ReturnType<typeof createTokenCache>,
): PipelinePorts {
  let slotsOf: Snapshot | undefined
  let slots: SlotMap = { apis: [], issuers: [] }
  /** A worker's part of what the node allows; none of it is ever nothing, for 0 means without bound. */
  const share = (limit = 0): number => Math.ceil(limit / options.workers)

  const budget = createVerificationBudget(() => {
    const gateway = snapshot()?.gateway
    return { perAddress: share(gateway?.failuresPerAddress), perIssuer: share(gateway?.failuresPerIssuer) }
  })

  return {
    pseudonym,
    apiKeys: { hash: createApiKeyHash(apiKeyKey), budget, peek: false },
    keys: { indexOf: indexOnce, remote: keys.sets },
    verify: {
      verify: verifySignature,
      cache,
      failed: createFailedTokens(),
      budget,
      onVerification: (issuer, algorithm, passed) => {
        const current = snapshot()
        if (current !== slotsOf && current !== undefined) {
          slotsOf = current
          slots = assignSlots(counters, current)
        }
        counters.verification(slots.issuers.at(issuer.index) ?? 0, algorithm.bit, passed)
      },
      peek: false,
    },
    introspect: {
      known: ({ plan }, token) => introspection.peek(plan.id, token) ?? introspection.running(plan.id, token),
      ask: ({ plan }, token) => introspection.ask(plan.id, token, plan.introspection?.timeoutMs ?? 0),
      budget,
      turns: createTurns(share(questionsPerAddress), setTimer),
    },
  }
}

/** What `explain` gets: it waits for nothing and leaves nothing behind. */
function peekingPorts(ports: PipelinePorts, introspection: WorkerIntrospection, { peek }: WorkerKeys): PipelinePorts {
  const { keys, verify } = ports
  return {
    pseudonym: ports.pseudonym,
    apiKeys: { ...ports.apiKeys, peek: true },
    keys: { ...keys, remote: { get: peek, refetch: () => Promise.resolve() } },
    verify: { ...verify, cache: { ...verify.cache, find: () => undefined }, peek: true },
    introspect: {
      ...ports.introspect,
      known: ({ plan }, token) => introspection.peek(plan.id, token),
      ...askingNobody,
    },
  }
}
