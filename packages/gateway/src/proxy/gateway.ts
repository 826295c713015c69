import type { CompiledApi, Snapshot } from '../compile/snapshot.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import type { Reject } from '../domain/reject.ts'
import type { Result } from '../domain/result.ts'
import type { DecisionEntry } from '../telemetry/decision-ring.ts'
import type { Exchange } from './exchange.ts'
import { describedExchange, explain, notForwarded } from './explain.ts'
import { type ForwardOutcome, forward } from './forward.ts'
import type { ExchangeHandler, RawFault } from './listener.ts'
import { metadataFor } from './metadata-for.ts'
import { decide, type PipelinePorts } from './pipeline.ts'
import { createRecord, type RecordPorts } from './record.ts'
import { refusal } from './refusal.ts'
import { rejectToWire, type WireError } from './reject-to-wire.ts'
import { resourceMetadataUrl } from './resource-metadata.ts'
import { shapeReply } from './steps/shape-reply.ts'
import type { UpstreamHead } from './steps/shape-upstream.ts'
import { startTrail, type Trail } from './trail.ts'
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
}

/** The data plane of one worker. */
export interface Gateway extends ExchangeHandler {
  /** Judges a described request by the same engine, without forwarding it. */
  readonly explain: (request: DescribedRequest) => Promise<DecisionEntry | undefined>
  /** Where the request last looked at is, for the last words of a crash (S22). */
  readonly stage: () => { readonly step: string; readonly path: string }
}

type Verdict = Result<UpstreamHead, Reject>

export function createGateway(ports: GatewayPorts): Gateway {
  const record = createRecord(ports)
  let latest: Trail | undefined

  function handle(exchange: Exchange): void {
    const snapshot = ports.snapshot()
    if (snapshot === undefined) return answerUnready(exchange)
    const trail = startTrail(exchange, snapshot, ports.nextDecisionId())
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
      if (trail.access?.kind !== 'public' || !answerMetadata(trail)) send(trail, verdict.value)
    } else refuse(trail, verdict.error)
  }

  function send(trail: Trail, head: UpstreamHead): void {
    const upstream = trail.api?.plan.upstream
    if (upstream === undefined) throw new Error('a request was let through without an API')
    forward(
      trail.exchange,
      head,
      upstream,
      ports.pools,
      (_status, rawHeaders) => shapeReply(rawHeaders, trail.place, trail.decisionId, false),
      (outcome) => finish(trail, outcome),
    )
  }

  function finish(trail: Trail, outcome: ForwardOutcome): void {
    if (outcome.ok) {
      const { status, requestBytes, responseBytes, firstByteMs, target } = outcome
      record(trail, {
        status,
        reject: undefined,
        bytesIn: requestBytes,
        bytesOut: responseBytes,
        upstreamMs: firstByteMs,
        target,
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
    answer(trail.exchange, error, trail.decisionId, trail.api, trail.snapshot)
    record(trail, notForwarded(reject, error.status, target))
  }

  /** RFC 9728: metadata of a protected API, whose challenges name it: also where an API on `/` would take the path. */
  function answerMetadata(trail: Trail): boolean {
    const body = trail.head === undefined ? undefined : metadataFor(trail.snapshot, trail.head)
    if (body === undefined) return false
    const rawHeaders = [
      'content-type',
      'application/json',
      'cache-control',
      'no-store',
      'jotgate-decision',
      trail.decisionId,
    ]
    trail.exchange.reply.send(200, rawHeaders, body)
    const bytesOut = Buffer.byteLength(body)
    record(trail, { status: 200, reject: undefined, bytesIn: 0, bytesOut, upstreamMs: -1, target: undefined })
    return true
  }

  function fail(trail: Trail, bug: unknown): void {
    ports.onBug(bug)
    refuse(trail, { reason: 'internal_error' })
  }

  function answerUnready(exchange: Exchange): void {
    answer(exchange, rejectToWire({ reason: 'not_ready' }), ports.nextDecisionId(), undefined, undefined)
  }

  function refuseRaw(fault: RawFault): string {
    const reject: Reject = fault === 'headers_too_large' ? { reason: fault } : { reason: 'bad_framing', fault }
    const error = rejectToWire(reject)
    const decisionId = ports.nextDecisionId()
    const { status, rawHeaders, body } = refusal(
      { ...error, close: true },
      { decisionId, realm: undefined, resourceMetadataUrl: undefined },
    )
    const snapshot = ports.snapshot()
    if (snapshot !== undefined) record(startTrail(brokenExchange, snapshot, decisionId), notForwarded(reject, status))
    let head = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`
    return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }

  async function explainDescribed(request: DescribedRequest): Promise<DecisionEntry | undefined> {
    const snapshot = ports.snapshot()
    if (snapshot === undefined) return undefined
    const { peeking } = ports
    return explain(request, snapshot, { peeking, decisionId: ports.nextDecisionId(), nowMs: ports.nowMs() })
  }

  return { handle, refuseRaw, explain: explainDescribed, stage: () => stageOf(latest) }
}

function answer(
  exchange: Exchange,
  error: WireError,
  decisionId: string,
  api: CompiledApi | undefined,
  snapshot: Snapshot | undefined,
): void {
  const publicUrl = snapshot?.gateway.publicUrl
  const { status, rawHeaders, body } = refusal(error, {
    decisionId,
    realm: api?.plan.id,
    resourceMetadataUrl:
      publicUrl === undefined || api === undefined ? undefined : resourceMetadataUrl(publicUrl, api.plan),
  })
  exchange.reply.send(status, rawHeaders, body)
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
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

function reasonPhrase(status: number): string {
  return phrases[status] ?? 'Error'
}

/** Stands for a request whose head was never understood. */
const brokenExchange: Exchange = describedExchange({ method: '', target: '', rawHeaders: [], peer: '' }, 0)
