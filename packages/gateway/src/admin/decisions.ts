import type { DescribedRequest } from '../domain/described-request.ts'
import { parseDecisionId } from '../telemetry/decision-id.ts'
import type { AdminPorts } from './ports.ts'
import { refuse } from './problem.ts'

const headersMax = 128

/** How a past request ended, and why. */
export async function readDecision(ports: AdminPorts, id: string): Promise<Response> {
  if (parseDecisionId(id) === undefined)
    return refuse('not_found', 'A decision id is 32 hex digits, a hyphen and a number.')
  const decision = await ports.decision(id)
  if (decision === undefined) {
    return refuse(
      'not_found',
      'No such decision is kept: refused requests are kept for a while, forwarded ones with gateway.trace.accepted.',
    )
  }
  return Response.json(decision)
}

/** How a described request would end; nothing is counted and nothing forwarded. */
export async function explainRequest(ports: AdminPorts, body: unknown): Promise<Response> {
  const request = readDescribed(body)
  if (request === undefined) {
    return refuse(
      'body_invalid',
      'Wanted: {"method", "target", "rawHeaders": [name, value, ...], "peer"?}, target in origin form.',
    )
  }
  const decision = await ports.explain(request)
  return decision === undefined ? refuse('no_worker') : Response.json(decision)
}

function readDescribed(body: unknown): DescribedRequest | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { method, target, rawHeaders, peer = '127.0.0.1' } = body as Record<string, unknown>
  if (typeof method !== 'string' || typeof target !== 'string' || typeof peer !== 'string') return undefined
  if (!Array.isArray(rawHeaders) || rawHeaders.length % 2 !== 0 || rawHeaders.length > 2 * headersMax) return undefined
  if (!rawHeaders.every((part) => typeof part === 'string')) return undefined
  return { method, target, rawHeaders, peer }
}
