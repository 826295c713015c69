import { emptyClaimIndex } from '../compile/claim-index.ts'
import type { ApiPlan } from '../compile/plan.ts'
import type { Snapshot } from '../compile/snapshot.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import type { Reject } from '../domain/reject.ts'
import type { DecisionEntry } from '../telemetry/decision-ring.ts'
import { addCorsHeaders } from './answer/cors-headers.ts'
import { grpcRefusal, isGrpcCall } from './answer/grpc-refusal.ts'
import { metadataFor } from './answer/metadata-for.ts'
import { refusal } from './answer/refusal.ts'
import { rejectToWire, type WireError } from './answer/reject-to-wire.ts'
import { resourceMetadataUrl } from './answer/resource-metadata.ts'
import { cacheGuardOf } from './cache-guard.ts'
import type { Exchange } from './exchange.ts'
import { describedExchange, explain, notForwarded } from './explain.ts'
import { forward } from './forward.ts'
import { headerLines } from './head/header-lines.ts'
import { isEventStream } from './listener/event-stream.ts'
import type { ExchangeHandler, RawFault } from './listener/exchange-handler.ts'
import { decide, type PipelinePorts, type Verdict } from './pipeline.ts'
import { createRecord, type RecordPorts } from './record.ts'
import type { PreflightAnswer } from './steps/answer-preflight.ts'
import { shapeReply } from './steps/shape-reply.ts'
import type { UpstreamHead } from './steps/shape-upstream.ts'
import { startTrail, type Trail } from './trail.ts'
import { createLongConnections, type LongConnectionsPorts } from './tunnel/long-connections.ts'
import { createOpenTunnel } from './tunnel/open-tunnel.ts'
import type { ForwardOutcome, LongAnswer } from './upstream/forward-outcome.ts'
import type { Pools } from './upstream/pools.ts'

export interface GatewayPorts extends RecordPorts {
  /** The one snapshot in force; a request reads it once. Undefined until the first generation. */
  readonly snapshot: () => Snapshot | undefined
  readonly pipeline: PipelinePorts
  /** The same steps' ports for `explain`: they peek and never charge, wait or remember. */
  readonly peeking: PipelinePorts
  readonly pools: Pools
  readonly nextDecisionId: () => string
  /** A step threw: our bug, told without what it choked on. */
  readonly onBug: (error: unknown) => void
  /** The one clock of long connections. */
  readonly every: LongConnectionsPorts['every']
  /** Random bytes, for masks (RFC 6455 5.3). */
  readonly randomBytes: (bytes: number) => Buffer
}

/** The data plane of one worker. */
export interface Gateway extends ExchangeHandler {
  /** Judges a described request by the same engine, without forwarding it. */
  readonly explain: (request: DescribedRequest) => Promise<DecisionEntry | undefined>
  /** Where the request last looked at is, for the last words of a crash (S22). */
  readonly stage: () => { readonly step: string; readonly path: string }
  /** Ends tunnels and event streams after so long, those that begin later too. */
  readonly drain: (afterMs: number) => void
}

export function createGateway(ports: GatewayPorts): Gateway {
  const record = createRecord(ports)
  const long = createLongConnections({ ...ports, keys: ports.pipeline.keys })
  const openTunnel = createOpenTunnel({ ...ports, long })
  let latest: Trail | undefined

  function handle(exchange: Exchange): void {
    const snapshot = ports.snapshot()
    const trail = startTrail(exchange, snapshot ?? noSnapshot, ports.nextDecisionId())
    if (snapshot === undefined) {
      refuse(trail, { reason: 'not_ready' })
      return
    }
    latest = trail
    try {
      const verdict = decide(trail, ports.pipeline)
      if (verdict instanceof Promise) verdict.then((late) => carryOut(trail, late)).catch((bug) => fail(trail, bug))
      else carryOut(trail, verdict)
    } catch (bug) {
      fail(trail, bug)
    }
  }

  function carryOut(trail: Trail, verdict: Verdict): void {
    if (verdict.ok) {
      if ('rawHeaders' in verdict.value) sendPreflight(trail, verdict.value)
      else if (trail.access?.kind !== 'public' || !answerMetadata(trail)) send(trail, verdict.value)
    } else refuse(trail, verdict.error)
  }

  function send(trail: Trail, head: UpstreamHead): void {
    const plan = trail.api?.plan
    if (plan === undefined) throw new Error('a request was let through without an API')
    forward(
      trail.exchange,
      head,
      plan.upstream,
      ports.pools,
      (status, rawHeaders, answer) => {
        if (status !== 101) watchAnswer(trail, plan, rawHeaders, answer)
        return shapeReply(rawHeaders, cacheGuardOf(trail), trail.decisionId, plan.cors, trail.head?.origin)
      },
      (outcome) => finish(trail, outcome),
      trail.head?.webSocketKey === undefined ? undefined : openTunnel(trail),
    )
  }

  /** S16: an event stream ends with its token; another answer when its API says so. */
  function watchAnswer(trail: Trail, plan: ApiPlan, rawHeaders: readonly string[], answer: LongAnswer): void {
    const isStream = isEventStream(rawHeaders)
    if (isStream) answer.isEventStream()
    if (isStream || plan.cutAtExpiry) long.watch(trail, answer)
  }

  function sendPreflight(trail: Trail, { status, rawHeaders }: PreflightAnswer): void {
    const { reply } = trail.exchange
    // RFC 9110 8.6: a 204 says no length, which `Reply.send` would.
    const own = ['vary', 'Origin', 'cache-control', 'no-store', 'jotgate-decision', trail.decisionId]
    reply.head(status, [...rawHeaders, ...own], undefined)
    reply.end()
    record(trail, { status, reject: undefined, bytesIn: 0, bytesOut: 0, upstreamMs: -1, target: undefined })
  }

  function finish(trail: Trail, outcome: ForwardOutcome): void {
    long.forget(trail)
    if (outcome.ok) {
      const { status, requestBytes, responseBytes, firstByteMs, target, ended } = outcome
      record(trail, {
        status,
        reject: undefined,
        bytesIn: requestBytes,
        bytesOut: responseBytes,
        upstreamMs: firstByteMs,
        target,
        ended,
      })
    } else if (outcome.answered || outcome.reject.reason === 'caller_gone') {
      record(trail, notForwarded(outcome.reject, rejectToWire(outcome.reject).status, outcome.target))
    } else {
      refuse(trail, outcome.reject, outcome.target)
    }
  }

  function refuse(trail: Trail, reject: Reject, target?: string): void {
    if (beforeTokens.has(reject.reason) && answerMetadata(trail)) return
    const error = rejectToWire(reject)
    const bytesOut = answer(trail, error)
    record(trail, { ...notForwarded(reject, error.status, target), bytesOut })
  }

  /** RFC 9728: metadata of a protected API, whose challenges name it: also where an API on `/` would take the path. */
  function answerMetadata(trail: Trail): boolean {
    const { head, exchange, snapshot } = trail
    const found = head === undefined ? undefined : metadataFor(snapshot, exchange.listener, head)
    if (found === undefined) return false
    const { body, cors } = found
    const rawHeaders = [
      'content-type',
      'application/json',
      'cache-control',
      'no-store',
      'jotgate-decision',
      trail.decisionId,
    ]
    if (cors !== undefined) addCorsHeaders(rawHeaders, cors, trail.head?.origin)
    trail.exchange.reply.send(200, rawHeaders, body, false)
    const bytesOut = sentBytes(trail.exchange, body)
    record(trail, { status: 200, reject: undefined, bytesIn: 0, bytesOut, upstreamMs: -1, target: undefined })
    return true
  }

  function fail(trail: Trail, bug: unknown): void {
    ports.onBug(bug)
    refuse(trail, { reason: 'internal_error' })
  }

  function refuseUnread(exchange: Exchange, reject: Reject): void {
    refuse(startTrail(exchange, ports.snapshot() ?? noSnapshot, ports.nextDecisionId()), reject)
  }

  function refuseRaw(fault: RawFault, peer: string): string {
    const snapshot = ports.snapshot() ?? noSnapshot
    const reject = rawReject(fault, snapshot)
    const error = rejectToWire(reject)
    const nowMs = ports.nowMs()
    const decisionId = ports.nextDecisionId()
    const { status, rawHeaders, body } = refusal(error, {
      decisionId,
      realm: undefined,
      resourceMetadataUrl: undefined,
    })
    const unread = describedExchange({ method: '', target: '', rawHeaders: [], peer }, nowMs)
    const trail = startTrail(unread, snapshot, decisionId)
    record(trail, { ...notForwarded(reject, status), bytesOut: body.length })
    rawHeaders.push('Date', new Date(nowMs).toUTCString(), 'Connection', 'close', 'Content-Length', String(body.length))
    return `HTTP/1.1 ${status} ${phrases[status] ?? ''}\r\n${headerLines(rawHeaders)}\r\n${body}`
  }

  async function explainDescribed(request: DescribedRequest): Promise<DecisionEntry | undefined> {
    const snapshot = ports.snapshot()
    if (snapshot === undefined) return undefined
    const { peeking } = ports
    return explain(request, snapshot, { peeking, decisionId: ports.nextDecisionId(), nowMs: ports.nowMs() })
  }

  return {
    handle,
    refuse: refuseUnread,
    refuseRaw,
    explain: explainDescribed,
    stage: () => stageOf(latest),
    drain: long.drain,
  }
}

/** Refuses; how many bytes of content the caller gets. */
function answer({ exchange, snapshot, decisionId, api, head, preflight }: Trail, error: WireError): number {
  const publicUrl = snapshot.gateway.publicUrls[exchange.listener] ?? undefined
  const { status, rawHeaders, body } = refusal(error, {
    decisionId,
    realm: api?.plan.id,
    resourceMetadataUrl:
      publicUrl === undefined || api === undefined ? undefined : resourceMetadataUrl(publicUrl, api.plan),
  })
  if (api?.plan.cors !== undefined) addCorsHeaders(rawHeaders, api.plan.cors, preflight ? undefined : head?.origin)
  if (isGrpcCall(exchange)) {
    exchange.reply.head(200, grpcRefusal(rawHeaders, error), undefined)
    exchange.reply.end()
    return 0
  }
  exchange.reply.send(status, rawHeaders, body, error.close)
  return sentBytes(exchange, body)
}

function sentBytes(exchange: Exchange, body: string): number {
  return exchange.method === 'HEAD' ? 0 : Buffer.byteLength(body)
}

/** RFC 9110 9.3.6: CONNECT is a request like any other, for something no API is. */
function rawReject(fault: RawFault, { gateway }: Snapshot): Reject {
  if (fault === 'headers_too_large') return { reason: fault }
  if (fault === 'headers_timeout')
    return { reason: fault, timeoutMs: gateway.limits.headTimeoutMs, rule: 'gateway.limits.headTimeout' }
  if (fault === 'connect') return { reason: 'method_not_allowed', allowed: [], rule: 'gateway' }
  return { reason: 'bad_framing', fault }
}

function stageOf(trail: Trail | undefined): { readonly step: string; readonly path: string } {
  if (trail === undefined) return { step: 'idle', path: '' }
  const path = trail.head?.path ?? ''
  if (trail.head === undefined) return { step: 'readRequest', path }
  if (trail.api === undefined) return { step: 'matchApi', path }
  if (trail.verified !== undefined || trail.access?.kind === 'public') return { step: 'forward', path }
  return { step: trail.token === undefined ? 'parseToken' : 'verifySignature', path }
}

/** Why nobody's token was looked at. */
const beforeTokens: ReadonlySet<Reject['reason']> = new Set(['api_unknown', 'method_not_allowed', 'token_missing'])

const phrases: { readonly [status: number]: string } = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/** Before the first generation: nothing is configured, nobody is trusted. */
const noSnapshot: Snapshot = {
  generation: 0,
  policies: new Map(),
  claimIndex: emptyClaimIndex,
  apiKeys: new Map(),
  signers: new Map(),
  gateway: {
    publicUrls: [],
    trustedProxies: [],
    failuresPerAddress: 0,
    failuresPerIssuer: 0,
    traceAccepted: false,
    via: undefined,
    trustedProxyHeaders: 'x-forwarded',
    limits: {
      connections: 0,
      connectionsPerAddress: 0,
      headTimeoutMs: 0,
      idleTimeoutMs: 0,
      bytesPerSecond: 0,
      slowAfterMs: 0,
    },
  },
  issuers: [],
  apis: [],
  match: () => undefined,
}
