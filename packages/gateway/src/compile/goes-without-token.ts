import { identifyOf } from './identify-of.ts'
import type { ApiPlan } from './plan.ts'
import { takesTokens } from './takes-tokens.ts'

/**
 * Whether a request without a token may go on to be identified: always where the API takes none, with an API key where
 * either credential is enough, and without any where callers may be nobody.
 */
export function goesWithoutToken(plan: Pick<ApiPlan, 'access'>, hasApiKey: boolean): boolean {
  const identify = identifyOf(plan)
  if (identify === undefined) return false
  if (!takesTokens(plan)) return true
  if (!hasApiKey) return identify.allowAnonymous
  return identify.apiKey !== undefined && (identify.byClaims || identify.byOwnTokens) && identify.connector === 'or'
}
