import { identifyOf } from './identify-of.ts'
import type { ApiPlan } from './plan.ts'

/**
 * Whether a request without a token may go on to be identified: always where the API has no issuers, with an API key where
 * either credential is enough, and without any where callers may be nobody.
 */
export function goesWithoutToken(plan: Pick<ApiPlan, 'access'>, hasApiKey: boolean): boolean {
  if (plan.access.kind === 'public') return false
  if (plan.access.issuerIds.length === 0) return true
  const identify = identifyOf(plan)
  if (identify === undefined) return false
  if (!hasApiKey) return identify.allowAnonymous
  return identify.byClaims && identify.connector === 'or'
}
