import type { EndCause } from '../domain/end-cause.ts'
import type { Outcome } from '../domain/reasons.ts'
import { outcomeOfReason } from '../domain/reasons.ts'
import type { Reject } from '../domain/reject.ts'
import type { AccessEntry, AccessLog } from '../telemetry/access-log.ts'
import { type Counters, counter, noApiSlot, type SlotMap } from '../telemetry/counters.ts'
import type { DecisionEntry, DecisionRing } from '../telemetry/decision-ring.ts'
import { summariseToken } from '../telemetry/summarise-token.ts'
import { findQueryParameter } from './head/query-parameter.ts'
import type { Trail } from './trail.ts'

/** How a request ended, beyond what its trail says. */
export interface Ending {
  readonly status: number
  readonly reject: Reject | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /** From forwarding to the head of the upstream's answer; negative: not forwarded. */
  readonly upstreamMs: number
  readonly target: string | undefined
  /** What ended a tunnel or cut a long answer short. */
  readonly ended?: EndCause | undefined
}

export interface RecordPorts {
  readonly counters: Counters
  readonly ring: DecisionRing
  readonly accessLog: AccessLog
  readonly subjectHash: (iss: string | undefined, sub: string) => string
  readonly nowMs: () => number
}

/** Step 21: always, exactly once, with the outcome. One entry is filled again for each line. */
export function createRecord(ports: RecordPorts): (trail: Trail, ending: Ending) => void {
  const entry = blankEntry()
  // The slots of a generation, found again while it is in force.
  let slotsOf: Trail['snapshot'] | undefined
  let slots: SlotMap = { apis: [], issuers: [] }

  return function record(trail: Trail, ending: Ending): void {
    const { reject } = ending
    const outcome = outcomeOf(ending)
    const nowMs = ports.nowMs()
    if (slotsOf !== trail.snapshot) {
      slotsOf = trail.snapshot
      slots = assignSlots(ports.counters, trail.snapshot)
    }
    const apiSlot = trail.api === undefined ? noApiSlot : (slots.apis[trail.api.index] ?? noApiSlot)
    const durationMs = nowMs - trail.exchange.receivedMs
    ports.counters.request(apiSlot, outcome, reject?.reason, ending.status, durationMs, ending.upstreamMs)
    if (ending.ended !== undefined && ending.status !== 101) ports.counters.add(counter.answersCutShort, 1)
    if (trail.lookup !== 'none') {
      ports.counters.add(trail.lookup === 'hit' ? counter.tokenCacheHits : counter.tokenCacheMisses, 1)
    }
    fillEntry(entry, trail, ending, outcome, durationMs, ports.subjectHash)
    ports.accessLog.record(entry)
    if (ports.ring.admits(outcome, trail.snapshot.gateway.traceAccepted, nowMs)) {
      ports.ring.add(toDecisionEntry(trail, ending, outcome))
      ports.counters.add(counter.decisionsKept, 1)
    }
  }
}

/** What nobody refused and no upstream got, the gateway answered itself. */
function outcomeOf({ reject, target }: Ending): Outcome {
  if (reject !== undefined) return outcomeOfReason[reject.reason]
  return target === undefined ? 'answered' : 'forwarded'
}

/** The counters' places for the APIs and issuers of a generation. */
export function assignSlots(counters: Counters, snapshot: Trail['snapshot']): SlotMap {
  return counters.assign(
    snapshot.apis.map((api) => api.plan.id),
    // No id of an issuer has parentheses. Last, where the index -1 of applications' own tokens finds it.
    [...snapshot.issuers.map((issuer) => issuer.plan.id), ...(snapshot.signers.size > 0 ? ['(applications)'] : [])],
  )
}

/** What the decision ring keeps; the token only as its summary. */
export function toDecisionEntry(trail: Trail, ending: Ending, outcome: Outcome): DecisionEntry {
  const { token, verified, head, exchange } = trail
  const introspected = verified !== undefined && verified.token === undefined
  return {
    id: trail.decisionId,
    atMs: exchange.receivedMs,
    outcome,
    status: ending.status,
    method: exchange.method,
    path: head?.path,
    api: trail.api?.plan.id,
    application: applicationOf(trail, ending.reject),
    generation: trail.snapshot.generation,
    reject: ending.reject,
    ...(namesMethod(head?.query) ? { queryNamesMethod: true } : {}),
    way: wayOf(trail, introspected),
    upstreamAsked: ending.target !== undefined,
    token:
      token !== undefined
        ? summariseToken(token.header, token.claims, verified !== undefined)
        : introspected
          ? summariseToken({}, verified.claims, true)
          : undefined,
  }
}

/** Who was found calling, or was known and refused for what it is. */
function applicationOf({ application }: Trail, reject: Reject | undefined): string | undefined {
  if (application !== undefined) return application.plan.id
  return reject !== undefined && 'application' in reject ? reject.application : undefined
}

function wayOf(trail: Trail, introspected: boolean): DecisionEntry['way'] {
  if (trail.preflight) return 'preflight'
  if (trail.access?.kind === 'public') return 'public'
  if (trail.withoutToken) return 'tokenless'
  return introspected ? 'introspected' : 'signed'
}

/** S12: some frameworks take the method from the query, behind the back of whoever judged it. */
function namesMethod(query: string | undefined): boolean {
  return query !== undefined && findQueryParameter(query, '_method').length > 0
}

function fillEntry(
  entry: AccessEntry,
  trail: Trail,
  ending: Ending,
  outcome: Outcome,
  durationMs: number,
  subjectHash: RecordPorts['subjectHash'],
): void {
  const { exchange, head } = trail
  entry.atMs = exchange.receivedMs
  entry.decisionId = trail.decisionId
  entry.outcome = outcome
  entry.reason = ending.reject?.reason
  entry.status = ending.status
  entry.method = exchange.method
  entry.path = head?.path
  entry.api = trail.api?.plan.id
  entry.route = trail.access?.routes[0]
  entry.subject = subjectOf(trail, subjectHash)
  entry.issuer = trail.verified?.issuerId
  entry.application = applicationOf(trail, ending.reject)
  entry.peer = head?.peer ?? exchange.peer
  entry.client = head?.clientAddress ?? exchange.peer
  entry.bytesIn = ending.bytesIn
  entry.bytesOut = ending.bytesOut
  entry.durationMs = durationMs
  entry.upstreamMs = ending.upstreamMs
  entry.target = ending.target
  entry.ended = ending.ended
}

/** Only a verified subject is named, and a cached token pays for its hash once. */
function subjectOf(trail: Trail, subjectHash: RecordPorts['subjectHash']): string | undefined {
  const { verified, cached } = trail
  if (verified === undefined) return undefined
  if (cached?.subjectHash !== undefined) return cached.subjectHash
  const sub = verified.claims.sub
  if (typeof sub !== 'string') return undefined
  const hash = subjectHash(verified.iss, sub)
  if (cached !== undefined) cached.subjectHash = hash
  return hash
}

function blankEntry(): AccessEntry {
  return {
    atMs: 0,
    decisionId: '',
    outcome: 'refused',
    reason: undefined,
    status: 0,
    method: '',
    path: undefined,
    api: undefined,
    route: undefined,
    subject: undefined,
    issuer: undefined,
    application: undefined,
    peer: '',
    client: '',
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
    upstreamMs: -1,
    target: undefined,
    ended: undefined,
  }
}
