import { credentialHeaders } from '../compile/credential-headers.ts'
import { identifyOf } from '../compile/identify-of.ts'
import type { ApiKeyPlace, ApiPlan, TokenPlace } from '../compile/plan.ts'
import type { Trail } from './trail.ts'

/** What shared caches must be told of an answer that is not for everybody, and that they cannot know it of (S17). */
export interface CacheGuard {
  /** They must not store it. */
  readonly isPrivate: boolean
  /** Request headers it depends on. */
  readonly vary: readonly string[]
}

/**
 * Caches know what `Authorization` means (RFC 9111 3.5). A credential in any other place is hidden from them; and where
 * callers may be nobody, an answer to nobody is none for those who show a credential.
 */
export function cacheGuardOf({
  api,
  place,
  apiKeyHash,
  withoutToken,
}: Pick<Trail, 'api' | 'place' | 'apiKeyHash' | 'withoutToken'>): CacheGuard | undefined {
  if (api === undefined) return undefined
  const { plan } = api
  const apiKey = apiKeyHash === undefined ? undefined : identifyOf(plan)?.apiKey
  const hidden = place === undefined || isAuthorization(place) ? undefined : place
  if (hidden !== undefined || apiKey !== undefined) {
    return { isPrivate: true, vary: [hidden, apiKey].flatMap((one) => (one === undefined ? [] : headerOf(one))) }
  }
  return withoutToken ? { isPrivate: false, vary: everyHeader(plan) } : undefined
}

function isAuthorization(place: TokenPlace): boolean {
  return place.kind === 'header' && place.name === 'authorization'
}

/** A query parameter is part of what a cache stores an answer under. */
function headerOf(place: TokenPlace | ApiKeyPlace): readonly string[] {
  if (place.kind === 'query') return []
  return [place.kind === 'cookie' ? 'cookie' : place.name]
}

function everyHeader(plan: ApiPlan): readonly string[] {
  const hasCookie = plan.access.kind === 'protected' && plan.access.tokenPlaces.some(({ kind }) => kind === 'cookie')
  return [...new Set([...credentialHeaders(plan), ...(hasCookie ? ['cookie'] : [])])]
}
