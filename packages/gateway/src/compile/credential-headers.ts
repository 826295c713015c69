import { identifyOf } from './identify-of.ts'
import type { ApiPlan } from './plan.ts'

/** Headers that carry the token or the API key of an API, lower case. */
export function credentialHeaders(plan: Pick<ApiPlan, 'access'>): readonly string[] {
  if (plan.access.kind === 'public') return []
  const apiKey = identifyOf(plan)?.apiKey
  const places = apiKey === undefined ? plan.access.tokenPlaces : [...plan.access.tokenPlaces, apiKey]
  return places.flatMap((place) => (place.kind === 'header' ? [place.name] : []))
}
