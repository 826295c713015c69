import { createHash } from 'node:crypto'
import type { KeyRecord, KeySetStatus } from '../../domain/key.ts'
import type { JwksPart } from './jwks-client-part.ts'

/** What an issuer's key source knows and went through, from which the set it offers follows. */
export interface SourceFacts {
  /** In the order of the configuration. */
  readonly parts: readonly JwksPart[]
  readonly distrusted: ReadonlySet<string>
  /** The last round of fetching did not bring every part. */
  readonly failed: boolean
  /** Nobody asked for an hour: counts as expired. */
  readonly idle: boolean
  readonly maxStaleMs: number
}

/** The set on offer at a time. */
export interface SourceView {
  readonly status: KeySetStatus
  /** None when unavailable. */
  readonly keys: readonly KeyRecord[]
  /** Hash over the keys, whatever their order: equal fingerprints are one generation. */
  readonly fingerprint: string
}

/**
 * The keys that may verify now: of every part within its time and `maxStale` after it (stale-if-error, RFC 5861 4), less
 * the distrusted ones. No key, or an idle source: `unavailable`.
 */
export function viewSource(facts: SourceFacts, nowMs: number): SourceView {
  const live = facts.idle ? [] : facts.parts.filter((part) => nowMs < expiresAtMs(part, facts.maxStaleMs))
  const byText = new Map<string, KeyRecord>()
  for (const key of live.flatMap((part) => part.keys)) {
    if (!isDistrusted(key, facts.distrusted)) byText.set(JSON.stringify(key), key)
  }
  const status = byText.size === 0 ? 'unavailable' : facts.failed ? 'stale' : 'fresh'
  return { status, keys: [...byText.values()], fingerprint: hash([...byText.keys()]) }
}

/** The fingerprint of no keys at all. */
export const emptyFingerprint: string = hash([])

function hash(keys: readonly string[]): string {
  return createHash('sha256').update(keys.toSorted().join('\n')).digest('base64url')
}

/** When a part stops to serve unless it is fetched again. */
export function expiresAtMs(part: JwksPart, maxStaleMs: number): number {
  return part.fetchedAtMs + part.freshMs + maxStaleMs
}

/** Whether a name (key id, thumbprint or alias) the operator gave is this key's. */
export function isNamed(key: KeyRecord, name: string): boolean {
  return key.kid === name || key.thumbprint === name || key.aliases.includes(name)
}

function isDistrusted(key: KeyRecord, distrusted: ReadonlySet<string>): boolean {
  for (const name of distrusted) if (isNamed(key, name)) return true
  return false
}
