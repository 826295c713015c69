import type { GuardedFetch } from '../../outbound/fetch-request.ts'
import type { KeySet } from '../key-set.ts'
import { createRefetchBucket, type RefetchBucket } from './jwks-client-bucket.ts'
import { type KeyPlaces, type LearntUri, sourcesOf } from './jwks-client-fetch.ts'
import { type JwksPart, readPart } from './jwks-client-part.ts'
import { emptyFingerprint, viewSource } from './jwks-client-view.ts'
import type { JwksStore, KeyLogLine, StoredSource } from './jwks-store.ts'

/** One issuer's remote keys and the terms they are kept on. */
export interface KeySourceTerms extends KeyPlaces {
  readonly issuerId: string
  /** Refill time of the bucket of refetches for unknown key ids. */
  readonly cooldownMs: number
  /** How long a set serves after its time while fetching fails. */
  readonly maxStaleMs: number
}

export interface JwksClientPorts {
  readonly fetch: GuardedFetch
  readonly store: JwksStore
  readonly nowMs: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  readonly log: (line: KeyLogLine) => void
  /** Called when an issuer's keys or their status changed, and once for each source that is new or has new terms. */
  readonly onKeySet: (set: KeySet) => void
}

/** Everything one issuer's key source is about. Changed only by `jwks-client*`. */
export interface KeySourceState {
  readonly terms: KeySourceTerms
  readonly ports: JwksClientPorts
  /** The last good answer of each source. */
  readonly parts: Map<string, JwksPart>
  readonly distrusted: Set<string>
  readonly bucket: RefetchBucket
  generation: number
  fingerprint: string
  published: KeySet | undefined
  learnt: LearntUri | undefined
  /** The last round did not bring every part. */
  failed: boolean
  failuresInRow: number
  lastError: { readonly message: string; readonly atMs: number } | undefined
  usedAtMs: number
  /** Nobody asked for an hour; stays until a fetch has ended, so that what rested never serves unseen. */
  idle: boolean
  stopped: boolean
  flight: Promise<void> | undefined
  nextRefreshAtMs: number | undefined
  cancelRefresh: () => void
  cancelExpiry: () => void
}

/** A source as an earlier one, or the last run of the gateway, left it. Nothing is fetched or told yet. */
export function openSource(
  terms: KeySourceTerms,
  ports: JwksClientPorts,
  stored: StoredSource | undefined,
): KeySourceState {
  const nowMs = ports.nowMs()
  const parts = readStored(terms, ports, stored)
  return {
    terms,
    ports,
    parts,
    distrusted: new Set(stored?.distrusted),
    bucket: createRefetchBucket(terms.cooldownMs, nowMs),
    generation: stored?.generation ?? 0,
    fingerprint: stored?.fingerprint ?? emptyFingerprint,
    published: undefined,
    learnt: undefined,
    failed: [...parts.values()].some((part) => nowMs >= part.fetchedAtMs + part.freshMs),
    failuresInRow: 0,
    lastError: undefined,
    usedAtMs: nowMs,
    idle: false,
    stopped: false,
    flight: undefined,
    nextRefreshAtMs: undefined,
    cancelRefresh: () => {},
    cancelExpiry: () => {},
  }
}

/** Brings the set on offer up to date, and tells about it only when its keys or its status changed. */
export function publish(state: KeySourceState): KeySet {
  const { terms, ports, published } = state
  const view = viewSource(
    {
      parts: partsInOrder(state),
      distrusted: state.distrusted,
      failed: state.failed,
      idle: state.idle,
      maxStaleMs: terms.maxStaleMs,
    },
    ports.nowMs(),
  )
  if (view.fingerprint !== state.fingerprint) {
    state.generation += 1
    state.fingerprint = view.fingerprint
    // Before anybody hears of it: after a crash the number must not come again with other keys.
    ports.store.save(toStored(state))
  }
  if (published?.generation === state.generation && published.status === view.status) return published
  const set: KeySet = {
    issuerId: terms.issuerId,
    generation: state.generation,
    status: view.status,
    keys: view.keys,
  }
  state.published = set
  ports.onKeySet(set)
  return set
}

/** What a restart, or a successor with other terms, starts from. */
export function toStored(state: KeySourceState): StoredSource {
  return {
    issuerId: state.terms.issuerId,
    generation: state.generation,
    fingerprint: state.fingerprint,
    distrusted: [...state.distrusted],
    parts: partsInOrder(state).map(({ keys: _keys, problems: _problems, ...stored }) => stored),
  }
}

/** The known parts in the order of the configuration. */
export function partsInOrder(state: KeySourceState): readonly JwksPart[] {
  return sourcesOf(state.terms).flatMap((source) => state.parts.get(source) ?? [])
}

/** The kept parts that still belong to these terms, read again by the quality asked for now. */
function readStored(
  terms: KeySourceTerms,
  ports: JwksClientPorts,
  stored: StoredSource | undefined,
): Map<string, JwksPart> {
  const parts = new Map<string, JwksPart>()
  const sources = new Set(sourcesOf(terms))
  for (const kept of stored?.parts ?? []) {
    if (!sources.has(kept.source)) continue
    const part = readPart(kept, terms.quality, 'earlier')
    // A clock set back since must not lengthen a set's life.
    if (part.ok) parts.set(kept.source, { ...part.value, fetchedAtMs: Math.min(kept.fetchedAtMs, ports.nowMs()) })
    else ports.log({ level: 'warn', issuerId: terms.issuerId, message: `kept keys are ignored: ${part.error}` })
  }
  return parts
}
