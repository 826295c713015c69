import type { AdminPorts } from './ports.ts'
import { refuse } from './problem.ts'

/** What is known of every issuer's fetched keys: ids, ages and faults, no key. */
export function readKeys(ports: AdminPorts): Response {
  return Response.json({ issuers: ports.keys.status() })
}

/** Fetches an issuer's keys now. */
export async function refreshKeys(ports: AdminPorts, issuerId: string): Promise<Response> {
  return answerFor(await ports.keys.refresh(issuerId))
}

/** Stops trusting one key of an issuer on all workers, whatever its provider still lists. */
export function distrustKey(ports: AdminPorts, issuerId: string, body: unknown): Response {
  const kid = typeof body === 'object' && body !== null ? (body as Record<string, unknown>).kid : undefined
  if (typeof kid !== 'string' || kid.length === 0) return refuse('body_invalid', 'Wanted: {"kid"}.')
  return answerFor(ports.keys.distrust(issuerId, kid))
}

function answerFor(outcome: object | undefined): Response {
  return outcome === undefined ? refuse('not_found', 'No issuer of that id fetches keys.') : Response.json(outcome)
}
