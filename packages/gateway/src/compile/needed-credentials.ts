import { identifyOf } from './identify-of.ts'
import type { ApiPlan } from './plan.ts'
import { takesTokens } from './takes-tokens.ts'

/** What every caller of an API must bring, whatever its routes ask beside. */
export interface NeededCredentials {
  readonly token: boolean
  readonly apiKey: boolean
  /** A token or an API key. */
  readonly either: boolean
  /** Both, and both name one application. */
  readonly both: boolean
  /** Nothing. */
  readonly anonymous: boolean
}

export function neededCredentials(plan: Pick<ApiPlan, 'access'>): NeededCredentials {
  const identify = identifyOf(plan)
  const none = { token: false, apiKey: false, either: false, both: false, anonymous: false }
  if (identify?.allowAnonymous === true) return { ...none, anonymous: true }
  const token = takesTokens(plan)
  if (identify?.apiKey === undefined) return { ...none, token }
  const tells = identify.byClaims || identify.byOwnTokens
  if (token && tells && identify.connector === 'or') return { ...none, either: true }
  return { ...none, token, apiKey: true, both: token && tells }
}
