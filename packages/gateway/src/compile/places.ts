import type { PathPattern } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

/** Requests that are alike to a configuration: a host, paths of one pattern from the root on. */
export interface Place extends PathPattern {
  /** Undefined: any host no API names. */
  readonly host: string | undefined
}

/** A segment nobody configures: it stands for those a pattern leaves open. */
const openSegment = 'jotgate-any-segment'

/** Where each API listens and each of its routes and of its callers' rights begins, from the root on. */
export function placesOf({ apis, policies }: Snapshot): readonly Place[] {
  const rights = [...policies.values()].flatMap(({ plan }) => plan.access)
  return apis.flatMap(({ plan }) => {
    const { host, segments: prefix, id } = plan
    const below = [
      { segments: [], rest: true },
      ...plan.routes,
      ...rights.flatMap(({ apiId, paths }) => (apiId === id ? (paths ?? []) : [])),
    ]
    return below.map(({ segments, rest }) => ({ host, segments: [...prefix, ...segments], rest }))
  })
}

/**
 * The places themselves and where any two of them meet: whatever holds for a path, a request at one of these places
 * meets it too.
 */
export function meetingPlaces(places: readonly Place[]): readonly Place[] {
  const found = new Map<string, Place>()
  const add = (place: Place): void => void found.set(formatPlace(place), place)
  for (const place of places) add(place)
  const known = [...found.values()]
  for (const [index, one] of known.entries()) {
    for (const other of known.slice(index + 1)) {
      const meeting = meetingOf(one, other)
      if (meeting !== undefined) add(meeting)
    }
  }
  return [...found.values()]
}

/** The requests that are at both places; undefined: none. */
export function meetingOf(one: Place, other: Place): Place | undefined {
  if (one.host !== undefined && other.host !== undefined && one.host !== other.host) return undefined
  const length = Math.max(one.segments.length, other.segments.length)
  const segments: string[] = []
  for (let at = 0; at < length; at++) {
    const [mine, theirs] = [segmentAt(one, at), segmentAt(other, at)]
    if (mine === undefined || theirs === undefined) return undefined
    if (mine !== '*' && theirs !== '*' && mine !== theirs) return undefined
    segments.push(mine === '*' ? theirs : mine)
  }
  return { host: one.host ?? other.host, segments, rest: one.rest && other.rest }
}

function segmentAt({ segments, rest }: Place, at: number): string | undefined {
  return segments[at] ?? (rest ? '*' : undefined)
}

/** Paths that stand for all of a place: without what its final `*` leaves open, and with it. */
export function samplePaths({ segments, rest }: Place): readonly string[] {
  const path = `/${segments.map((segment) => (segment === '*' ? openSegment : segment)).join('/')}`
  if (!rest) return [path]
  return [path, `${path === '/' ? '' : path}/${openSegment}`]
}

/** As an operator writes it: `api.example.com/orders/*`. */
export function formatPlace({ host, segments, rest }: Place): string {
  return `${host ?? ''}/${[...segments, ...(rest ? ['*'] : [])].join('/')}`
}
