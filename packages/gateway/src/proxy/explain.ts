import type { Snapshot } from '../compile/snapshot.ts'
import type { DescribedRequest } from '../domain/described-request.ts'
import { outcomeOfReason } from '../domain/reasons.ts'
import type { Reject } from '../domain/reject.ts'
import type { DecisionEntry } from '../telemetry/decision-ring.ts'
import { rejectToWire } from './answer/reject-to-wire.ts'
import type { Exchange } from './exchange.ts'
import { nowhere, unreadBody } from './nowhere.ts'
import { decide, type PipelinePorts } from './pipeline.ts'
import { type Ending, toDecisionEntry } from './record.ts'
import { startTrail } from './trail.ts'

/** What `explain` judges with. */
export interface ExplainPorts {
  /** They peek and never charge, wait or remember. */
  readonly peeking: PipelinePorts
  readonly decisionId: string
  readonly nowMs: number
}

/** Introspection for those ports: nobody is asked, and nobody's turn is taken. */
export const askingNobody: Pick<PipelinePorts['introspect'], 'ask' | 'turns'> = {
  ask: async () => ({ state: 'unavailable', fault: 'explain asks no provider' }),
  turns: { run: (_address, _timeoutMs, task) => task() },
}

/** Judges a described request by the engine that serves callers. Its verdict is told; there is no way to forward it. */
export async function explain(
  request: DescribedRequest,
  snapshot: Snapshot,
  { peeking, decisionId, nowMs }: ExplainPorts,
): Promise<DecisionEntry> {
  const trail = startTrail(describedExchange(request, nowMs), snapshot, decisionId)
  const verdict = await decide(trail, peeking)
  if (verdict.ok && 'rawHeaders' in verdict.value) {
    return toDecisionEntry(trail, { ...wouldBeForwarded, status: verdict.value.status }, 'answered')
  }
  if (verdict.ok) return toDecisionEntry(trail, wouldBeForwarded, 'forwarded')
  const { error } = verdict
  return toDecisionEntry(trail, notForwarded(error, rejectToWire(error).status), outcomeOfReason[error.reason])
}

/** The ending of a request the upstream did not get, or gave no answer to. */
export function notForwarded(reject: Reject, status: number, target?: string): Ending {
  return { status, reject, bytesIn: 0, bytesOut: 0, upstreamMs: -1, target }
}

/** An exchange without a connection: what is written to it goes nowhere. */
export function describedExchange(request: DescribedRequest, receivedMs: number): Exchange {
  return {
    ...request,
    httpVersion: '1.1',
    scheme: 'http',
    listener: 0,
    tls: undefined,
    receivedMs,
    body: unreadBody(lengthOf(request)),
    reply: nowhere,
  }
}

function lengthOf({ rawHeaders }: DescribedRequest): number {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length')
  return at === -1 ? 0 : Number(rawHeaders[at + 1])
}

const wouldBeForwarded: Ending = {
  status: 200,
  reject: undefined,
  bytesIn: 0,
  bytesOut: 0,
  upstreamMs: -1,
  target: undefined,
}
