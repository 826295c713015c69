import type { ApiPlan, IssuerPlan } from '../../compile/plan.ts'

/** Where clients look for a protected resource's metadata: before the resource's own path (RFC 9728 3.1). */
export const wellKnown = '/.well-known/oauth-protected-resource'

/** A protected resource's metadata (RFC 9728 2). */
export interface ResourceMetadata {
  readonly resource: string
  readonly authorization_servers?: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly string[]
}

/**
 * What an API tells clients about getting a token. Undefined for an API that takes none. Only exact issuers are named: a
 * pattern is no URL a client could ask. `publicUrl`: what callers see, never taken from a request; an API that listens
 * for one host alone is there under that name.
 */
export function resourceMetadata(
  publicUrl: string,
  api: ApiPlan,
  issuers: readonly IssuerPlan[],
): ResourceMetadata | undefined {
  if (api.access.kind === 'public' || api.access.issuerIds.length === 0) return undefined
  const servers = issuers.flatMap((issuer) => (issuer.match.kind === 'exact' ? [issuer.match.iss] : []))
  const scopes = scopesOf(api)
  return {
    resource: originOf(publicUrl, api) + listenPath(api),
    ...(servers.length === 0 ? {} : { authorization_servers: servers }),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: bearerMethods(api.access.tokenPlaces),
  }
}

/** Path under which an API's metadata is served (RFC 9728 3.1). */
export function resourceMetadataPath(api: ApiPlan): string {
  return wellKnown + (api.segments.length === 0 ? '' : listenPath(api))
}

/** The last URL made for each API: a flood of refusals parses no URL. */
const madeUrls = new WeakMap<ApiPlan, { readonly publicUrl: string; readonly url: string }>()

/** URL of an API's metadata, for the challenge's `resource_metadata` (RFC 9728 5.1). */
export function resourceMetadataUrl(publicUrl: string, api: ApiPlan): string {
  const made = madeUrls.get(api)
  if (made?.publicUrl === publicUrl) return made.url
  const url = originOf(publicUrl, api) + resourceMetadataPath(api)
  madeUrls.set(api, { publicUrl, url })
  return url
}

function originOf(publicUrl: string, { host }: ApiPlan): string {
  const url = new URL(publicUrl)
  if (host !== undefined) url.hostname = host
  return url.origin
}

function listenPath(api: ApiPlan): string {
  return `/${api.segments.join('/')}`
}

function bearerMethods(
  places: readonly { readonly kind: string; readonly name: string; readonly scheme?: string | undefined }[],
): readonly string[] {
  const methods = places.flatMap((place) => {
    // RFC 6750 knows the Authorization header with Bearer and the query parameter access_token, no other spelling.
    if (place.kind === 'header' && place.name === 'authorization' && place.scheme === 'bearer') return ['header']
    return place.kind === 'query' && place.name === 'access_token' ? ['query'] : []
  })
  return [...new Set(methods)]
}

/** Scopes named anywhere on the API, when they are looked for in the `scope` claim (RFC 9068 2.2.3). */
function scopesOf(api: ApiPlan): readonly string[] {
  const requirements = [...(api.access.kind === 'protected' ? [api.access] : []), ...api.routes]
  const names = requirements
    .flatMap(({ require }) => require.scopes)
    .filter((scopes) => scopes.claim.text === 'scope')
    .flatMap((scopes) => [...(scopes.any ?? []), ...(scopes.all ?? [])])
  return [...new Set(names)]
}
