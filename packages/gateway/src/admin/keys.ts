import type { AdminPorts } from './ports.ts'
import { refuse } from './problem.ts'

/** What is known of every issuer's fetched keys: ids, ages and faults, no key. */
export function readKeys(ports: AdminPorts): Response {
  return Response.json({ issuers: ports.keys.status() })
}

/** Fetches an issuer's keys now. */
export async function refreshKeys(ports: AdminPorts, issuerId: string): Promise<Response> {
  return (await ports.keys.refresh(issuerId)) ? readKeys(ports) : unknownIssuer()
}

/** Stops trusting one key of an issuer on all workers, whatever its provider still lists. */
export async function distrustKey(ports: AdminPorts, issuerId: string, body: unknown): Promise<Response> {
  const kid = typeof body === 'object' && body !== null ? (body as Record<string, unknown>).kid : undefined
  if (typeof kid !== 'string' || kid.length === 0) return refuse('body_invalid', 'Wanted: {"kid"}.')
  return (await ports.keys.distrust(issuerId, kid)) ? readKeys(ports) : unknownIssuer()
}

function unknownIssuer(): Response {
  return refuse('not_found', 'No issuer of that id fetches keys.')
}
