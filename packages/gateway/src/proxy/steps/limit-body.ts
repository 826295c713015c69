import type { ApiPlan } from '../../compile/plan.ts'
import type { Reject } from '../../domain/reject.ts'
import type { CallerBody } from '../exchange.ts'

/**
 * Step 16: a body that says it is larger than the API takes is refused before anybody reads it (RFC 9110 15.5.14). One
 * that does not say is counted on its way.
 */
export function limitBody(body: Pick<CallerBody, 'bytes'>, plan: ApiPlan): Reject | undefined {
  if (plan.bodyBytesMax === undefined || body.bytes <= plan.bodyBytesMax) return undefined
  return bodyTooLarge(plan.rule, plan.bodyBytesMax, body.bytes)
}

/** `bytes` undefined: nobody said, and more than `bytesMax` came. */
export function bodyTooLarge(rule: string, bytesMax: number, bytes: number | undefined): Reject {
  return { reason: 'body_too_large', bytes, bytesMax, rule: `${rule}.bodyBytesMax` }
}
