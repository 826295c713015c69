import type { UpstreamPlan } from '../../compile/plan.ts'
import type { CutCause, EndCause } from '../../domain/end-cause.ts'
import type { Reject } from '../../domain/reject.ts'
import type { ByteSink, Exchange, TunnelEnd, TunnelUser } from '../exchange.ts'
import { shapeTrailers } from '../head/shape-trailers.ts'
import { upgradeFault } from '../head/websocket-handshake.ts'
import { bodyTooLarge } from '../steps/limit-body.ts'
import type { UpstreamHead } from '../steps/shape-upstream.ts'
import type { Carrier, CarrierUser } from './carrier.ts'
import type { ForwardOutcome, Handshake, LongAnswer, ShapeHead } from './forward-outcome.ts'
import type { Pools } from './pools.ts'
import { requestHeadText, requestTrailerLines } from './request-head-text.ts'
import type { ResponseHead } from './response-head.ts'
import type { PoolWaiter, TargetPool } from './target-pool.ts'

/** A body up to this size is kept until the answer begins, so that a kept connection found dead costs no error. */
const replayBytesMax = 16 * 1024

/** RFC 9110 9.2.2. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** One request on its way to an upstream and back: all that has to be remembered between two events. */
export class Forwarding implements CarrierUser, PoolWaiter, ByteSink, LongAnswer {
  waitDeadlineMs = 0
  wantsFresh: boolean
  readonly awaitsUpgrade: boolean

  private readonly exchange: Exchange
  private readonly outgoing: UpstreamHead
  private readonly plan: UpstreamPlan
  private readonly pools: Pools
  private readonly shapeHead: ShapeHead
  private readonly done: (outcome: ForwardOutcome) => void
  private readonly handshake: Handshake | undefined
  private readonly hasBody: boolean

  private pool: TargetPool | undefined
  private connection: Carrier | undefined
  private startedMs = 0
  private connectMs: number | undefined
  private firstByteMs = 0
  private status = 0
  private requestBytes = 0
  private responseBytes = 0
  private attempts = 0
  private reused = false
  private over = false
  private headSent = false
  private bodyStarted = false
  private bodyEnded: boolean
  /** The request's body so far, as long as it can be sent once more. */
  private kept: Buffer[] | undefined
  private keptBytes = 0
  /** What follows the request's body, as lines. */
  private trailers = ''
  /** The upstream takes the request slowly; the caller's body is paused. */
  private upstreamFull = false
  /** The caller takes the answer slowly; the upstream is paused. */
  private callerFull = false
  private drainAsked = false
  private isStream = false

  constructor(
    exchange: Exchange,
    outgoing: UpstreamHead,
    plan: UpstreamPlan,
    pools: Pools,
    shapeHead: ShapeHead,
    done: (outcome: ForwardOutcome) => void,
    handshake: Handshake | undefined,
  ) {
    this.exchange = exchange
    this.outgoing = outgoing
    this.plan = plan
    this.pools = pools
    this.shapeHead = shapeHead
    this.done = done
    this.handshake = handshake
    this.awaitsUpgrade = handshake !== undefined
    // What becomes a tunnel is never shared.
    this.wantsFresh = this.awaitsUpgrade
    const { body } = exchange
    this.hasBody = body.kind === 'chunked' || (body.kind === 'sized' && body.bytes > 0)
    this.bodyEnded = !this.hasBody
    this.kept = this.hasBody ? [] : undefined
  }

  start(): void {
    this.startedMs = this.pools.nowMs()
    this.waitDeadlineMs = this.startedMs + this.plan.connectTimeoutMs
    // Bound to this request, not to its connection: a late call must never reach the connection's next request.
    this.exchange.reply.onGone((reject) => this.fail(reject))
    if (!this.over) this.acquire(this.startedMs)
  }

  // --- the pool's side

  private acquire(nowMs: number, avoid?: TargetPool): void {
    this.attempts++
    this.pool = this.pools.pick(this.plan, avoid)
    const connection = this.pool.acquire(this, nowMs)
    if (connection !== undefined) this.attach(connection, nowMs)
  }

  connectionReady(connection: Carrier): void {
    const nowMs = this.pools.nowMs()
    this.connectMs = nowMs - this.startedMs
    this.attach(connection, nowMs)
  }

  connectionRefused(kind: 'refused' | 'full' | 'timeout', fault: string): void {
    const { plan } = this
    if (kind === 'timeout') {
      this.refuse({
        reason: 'upstream_timeout',
        phase: 'connect',
        timeoutMs: plan.connectTimeoutMs,
        rule: `${plan.rule}.connectTimeout`,
      })
    } else if (kind === 'refused' && this.attempts < plan.targets.length) this.acquire(this.pools.nowMs(), this.pool)
    else this.refuse({ reason: 'upstream_refused', fault })
  }

  private attach(connection: Carrier, nowMs: number): void {
    const { body } = this.exchange
    this.connection = connection
    this.reused = connection.uses > 0
    connection.readMs = nowMs
    this.watchDeadline(nowMs)
    const size = this.hasBody ? (body.kind === 'chunked' ? 'chunked' : body.bytes) : 0
    connection.send(this, this.headText(), this.outgoing.method === 'HEAD', size)
    if (!this.hasBody) return
    if (this.bodyStarted) this.sendKept(connection)
    else {
      this.bodyStarted = true
      body.start(this)
    }
  }

  private headText(): string {
    const { kind, bytes } = this.exchange.body
    const framing = kind === 'none' ? undefined : kind === 'chunked' ? 'chunked' : bytes
    return requestHeadText(this.outgoing, this.targetName(), framing, this.awaitsUpgrade)
  }

  // --- the caller's body

  data(chunk: Buffer): boolean {
    if (this.over) return true
    this.requestBytes += chunk.length
    const { body } = this.exchange
    if (body.kind === 'sized' && this.requestBytes > body.bytes) {
      this.breakFraming()
      return true
    }
    const { bodyLimit } = this.outgoing
    if (bodyLimit?.bodyBytesMax !== undefined && this.requestBytes > bodyLimit.bodyBytesMax) {
      this.refuse(bodyTooLarge(bodyLimit.rule, bodyLimit.bodyBytesMax, undefined))
      return true
    }
    this.keep(chunk)
    if (body.kind === 'sized' && this.requestBytes === body.bytes) this.bodyEnded = true
    const { connection } = this
    if (connection === undefined) return false
    this.push(connection, chunk)
    this.watchDeadline(this.pools.nowMs())
    return this.kept === undefined && !connection.holdsPieces
  }

  end(trailers?: readonly string[]): void {
    if (this.over) return
    const { body } = this.exchange
    if (body.kind === 'sized' && this.requestBytes < body.bytes) {
      this.breakFraming()
      return
    }
    this.bodyEnded = true
    if (trailers !== undefined && trailers.length > 0) {
      this.trailers = requestTrailerLines(trailers, this.outgoing)
    }
    this.connection?.endBody(this.trailers)
    this.watchDeadline(this.pools.nowMs())
  }

  fail(reject: Reject = { reason: 'caller_gone' }): void {
    this.refuse(reject)
  }

  requestDrained(): void {
    if (!this.upstreamFull) return
    this.upstreamFull = false
    if (!this.bodyEnded) this.exchange.body.resume()
    this.watchDeadline(this.pools.nowMs())
  }

  private push(connection: Carrier, chunk: Buffer): void {
    if (connection.write(chunk) || this.upstreamFull) return
    this.upstreamFull = true
    this.exchange.body.pause()
  }

  private keep(chunk: Buffer): void {
    if (this.kept === undefined) return
    this.kept.push(chunk)
    this.keptBytes += chunk.length
    if (this.keptBytes > replayBytesMax && this.connection !== undefined) this.kept = undefined
  }

  private sendKept(connection: Carrier): void {
    for (const chunk of this.kept ?? []) this.push(connection, chunk)
    if (this.bodyEnded) connection.endBody(this.trailers)
    else if (!this.upstreamFull) this.exchange.body.resume()
  }

  private breakFraming(): void {
    this.refuse({ reason: 'bad_framing', fault: 'body differs from its Content-Length' })
  }

  // --- the upstream's answer

  answerHead(head: ResponseHead): void {
    this.kept = undefined
    this.status = head.status
    this.firstByteMs = (this.connection?.readMs ?? this.startedMs) - this.startedMs
    const rawHeaders = this.shapeHead(head.status, head.rawHeaders, this)
    this.headSent = true
    this.exchange.reply.head(head.status, rawHeaders, head.status === 204 ? undefined : head.contentLength)
    this.watchDeadline(this.connection?.readMs ?? 0)
  }

  answerData(chunk: Buffer): boolean {
    const { reply } = this.exchange
    this.responseBytes += chunk.length
    if (!reply.data(chunk)) this.holdUpstream()
    this.watchDeadline(this.connection?.readMs ?? 0)
    return !reply.holdsPieces
  }

  answerEnd(trailers: readonly string[]): void {
    this.over = true
    this.connection = undefined
    this.pool?.health.answered()
    // An answer that came early: what is left of the body is the listener's to read away or to cut off.
    if (this.upstreamFull) this.exchange.body.resume()
    if (trailers.length === 0) this.exchange.reply.end()
    else this.exchange.reply.end(shapeTrailers(trailers))
    this.finish(undefined)
  }

  upgraded(head: ResponseHead, end: TunnelEnd): TunnelUser | undefined {
    const { connection, handshake } = this
    if (handshake === undefined) throw new Error('an upgrade nobody asked for was let through')
    const fault = upgradeFault(handshake.key, head.rawHeaders)
    if (fault !== undefined) {
      this.refuseFaulty({ reason: 'upstream_invalid', fault })
      return undefined
    }
    this.status = head.status
    this.firstByteMs = (connection?.readMs ?? this.startedMs) - this.startedMs
    this.over = true
    this.connection = undefined
    this.pool?.health.answered()
    return handshake.open(this.shapeHead(head.status, head.rawHeaders, this), end, ({ ended, bytesIn, bytesOut }) => {
      this.requestBytes = bytesIn
      this.responseBytes = bytesOut
      this.finish(ended)
    })
  }

  isEventStream(): void {
    this.isStream = true
  }

  cut(cause: CutCause): void {
    if (this.over) return
    this.over = true
    this.connection?.destroy()
    this.connection = undefined
    this.exchange.reply.abort()
    this.finish(cause)
  }

  connectionFailed(kind: 'closed' | 'invalid' | 'unprocessed', fault: string): void {
    const { connection } = this
    this.connection = undefined
    const answered = connection?.answered ?? false
    if (kind === 'invalid') this.refuseFaulty({ reason: 'upstream_invalid', fault })
    else if (answered) this.refuseFaulty({ reason: 'upstream_invalid', fault: 'truncated' })
    else if (this.isRetryable(kind === 'unprocessed')) this.retry()
    else this.refuseFaulty({ reason: 'upstream_refused', fault })
  }

  deadlinePassed(): void {
    const { plan } = this
    this.refuseFaulty({
      reason: 'upstream_timeout',
      phase: 'response',
      timeoutMs: this.pieceTimeoutMs,
      rule: `${plan.rule}.${this.isStream ? 'streamIdleTimeout' : 'responseTimeout'}`,
    })
  }

  /**
   * A server may close a kept connection just when it is used again (RFC 9110 9.2.2, RFC 9112 9.3.1). What is sent
   * once more goes over a fresh one, so it is not retryable again. What a server says it has not looked at may be sent
   * once more whatever its method (RFC 9113 8.7).
   */
  private isRetryable(unprocessed: boolean): boolean {
    const allowed = unprocessed ? !this.wantsFresh : this.reused && idempotent.has(this.outgoing.method)
    return allowed && (!this.hasBody || this.kept !== undefined)
  }

  private retry(): void {
    this.wantsFresh = true
    this.pools.counters.retried++
    this.attempts = 0
    this.upstreamFull = false
    if (this.bodyStarted && !this.bodyEnded) this.exchange.body.pause()
    const nowMs = this.pools.nowMs()
    this.waitDeadlineMs = nowMs + this.plan.connectTimeoutMs
    this.acquire(nowMs)
  }

  private holdUpstream(): void {
    if (this.over) return
    this.callerFull = true
    this.connection?.pause()
    if (this.drainAsked) return
    this.drainAsked = true
    this.exchange.reply.onDrain(() => this.callerDrained())
  }

  private callerDrained(): void {
    if (!this.callerFull) return
    this.callerFull = false
    this.watchDeadline(this.pools.nowMs())
    this.connection?.resume()
  }

  // --- the end

  /** The upstream is timed only while it is the upstream that is waited for. */
  private watchDeadline(nowMs: number): void {
    if (this.connection === undefined) return
    const isOwed = (this.bodyEnded || this.upstreamFull) && !this.callerFull
    this.connection.deadlineMs = isOwed ? nowMs + this.pieceTimeoutMs : Number.POSITIVE_INFINITY
  }

  private get pieceTimeoutMs(): number {
    return this.isStream ? this.plan.streamIdleTimeoutMs : this.plan.responseTimeoutMs
  }

  private finish(ended: EndCause | undefined): void {
    this.done({
      ok: true,
      status: this.status,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      connectMs: this.connectMs,
      firstByteMs: this.firstByteMs,
      totalMs: this.pools.nowMs() - this.startedMs,
      target: this.targetName(),
      reused: this.reused,
      ended,
    })
  }

  /** The target's own fault. */
  private refuseFaulty(reject: Extract<Reject, { reason: `upstream_${string}` }>): void {
    this.pool?.health.answerFailed(reject.reason === 'upstream_timeout' ? 'timeout' : reject.fault)
    this.refuse(reject)
  }

  private refuse(reject: Reject): void {
    if (this.over) return
    this.over = true
    if (this.connection === undefined) this.pool?.cancel(this)
    else this.connection.destroy()
    this.connection = undefined
    const totalMs = this.pools.nowMs() - this.startedMs
    if (this.headSent) this.exchange.reply.abort()
    this.done({ ok: false, reject, answered: this.headSent, target: this.targetName(), totalMs })
  }

  private targetName(): string {
    return this.pool?.target.authority ?? ''
  }
}
