import type { KeyQuality } from '../../domain/key.ts'
import { err, type Result } from '../../domain/result.ts'
import type { FetchRequest, GuardedFetch } from '../../outbound/fetch-request.ts'
import { discoverJwksUri } from './discovery.ts'
import { fetchPart, type JwksPart } from './jwks-client-part.ts'

/** Where an issuer's keys are fetched, and what is accepted there. */
export interface KeyPlaces {
  readonly jwksUris: readonly string[]
  readonly discovery: { readonly url: string; readonly issuer: string } | undefined
  readonly ttlMs: number
  readonly timeoutMs: number
  readonly allowInsecureHttp: boolean
  readonly allowPrivate: readonly string[]
  readonly quality: KeyQuality
}

/** A `jwks_uri` that metadata named, and when. */
export interface LearntUri {
  readonly jwksUri: string
  readonly atMs: number
}

/** What one round over all of an issuer's URLs brought: what is new, and a sentence for each that failed. */
export interface FetchRound {
  readonly parts: readonly JwksPart[]
  readonly faults: readonly string[]
  /** Undefined: metadata must be asked next time. */
  readonly learnt: LearntUri | undefined
}

const answerBytesMax = 256 * 1024
/** Metadata is asked again after this time, and at once when the URL it named fails. */
const learntMs = 3_600_000

/** Names a part's source, so that a kept part is never used for another place than the one it came from. */
export function sourcesOf(places: KeyPlaces): readonly string[] {
  const { discovery } = places
  return discovery === undefined ? places.jwksUris : [...places.jwksUris, metadataSource(discovery)]
}

function metadataSource(discovery: { readonly url: string; readonly issuer: string }): string {
  return `${discovery.url} for ${discovery.issuer}`
}

/** Fetches all of an issuer's key sets once. One that fails does not hold the others back. */
export async function fetchRound(
  places: KeyPlaces,
  known: ReadonlyMap<string, JwksPart>,
  learnt: LearntUri | undefined,
  ports: { readonly fetch: GuardedFetch; readonly nowMs: () => number },
): Promise<FetchRound> {
  const given = places.jwksUris.map((url) => fetchPart(url, operators(places, url), known.get(url), places, ports))
  const { discovery } = places
  const found = discovery === undefined ? undefined : fetchLearnt(places, discovery, known, learnt, ports)
  const [named, last] = await Promise.all([Promise.all(given), found])
  const results = last === undefined ? named : [...named, last.part]
  return {
    parts: results.flatMap((one) => (one.ok ? [one.value] : [])),
    faults: results.flatMap((one) => (one.ok ? [] : [one.error])),
    learnt: last?.learnt,
  }
}

async function fetchLearnt(
  places: KeyPlaces,
  discovery: { readonly url: string; readonly issuer: string },
  known: ReadonlyMap<string, JwksPart>,
  learnt: LearntUri | undefined,
  ports: { readonly fetch: GuardedFetch; readonly nowMs: () => number },
): Promise<{ readonly part: Result<JwksPart, string>; readonly learnt: LearntUri | undefined }> {
  let uri = learnt
  if (uri === undefined || ports.nowMs() - uri.atMs >= learntMs) {
    const asked = await discoverJwksUri(discovery, (url) =>
      ports.fetch({ ...operators(places, url), headers: { accept: 'application/json' } }),
    )
    if (!asked.ok) return { part: err(asked.error), learnt: undefined }
    uri = { jwksUri: asked.value, atMs: ports.nowMs() }
  }
  const request: FetchRequest = { ...operators(places, uri.jwksUri), trust: 'learnt', sameOriginAs: discovery.issuer }
  const source = metadataSource(discovery)
  const part = await fetchPart(source, request, known.get(source), places, ports)
  return { part, learnt: part.ok ? uri : undefined }
}

function operators(places: KeyPlaces, url: string): FetchRequest {
  const { timeoutMs, allowInsecureHttp, allowPrivate } = places
  return { url, timeoutMs, allowInsecureHttp, allowPrivate, bodyBytesMax: answerBytesMax, trust: 'operator' }
}
