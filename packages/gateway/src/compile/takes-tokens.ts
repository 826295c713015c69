import { identifyOf } from './identify-of.ts'
import type { ApiPlan } from './plan.ts'

/** Whether an API looks at tokens: of issuers, or of applications that sign their own. */
export function takesTokens(plan: Pick<ApiPlan, 'access'>): boolean {
  if (plan.access.kind === 'public') return false
  return plan.access.issuerIds.length > 0 || identifyOf(plan)?.byOwnTokens === true
}
