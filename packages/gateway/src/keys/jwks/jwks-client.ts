import { isDeepStrictEqual } from 'node:util'
import { createFetchSlots } from '../fetch-slots.ts'
import type { KeySet } from '../key-set.ts'
import { armExpiry, runRound, stopSource } from './jwks-client-rounds.ts'
import {
  type JwksClientPorts,
  type KeySourceState,
  type KeySourceTerms,
  openSource,
  partsInOrder,
  publish,
  toStored,
} from './jwks-client-state.ts'
import { describeSource, type KeySourceStatus } from './jwks-client-status.ts'
import { isNamed } from './jwks-client-view.ts'

/** The one client for remote key sets of a node (S7). It lives in control; workers are handed what `onKeySet` says. */
export interface JwksClient {
  /** Puts these sources in force: unchanged ones keep everything, changed ones keep what still belongs to them. */
  readonly configure: (terms: readonly KeySourceTerms[]) => void
  /**
   * For an unknown key id: fetches as the bucket of refetches allows, joins a running fetch, and resolves when done: to how
   * long, in ms, the bucket will allow no other. Undefined: no such issuer.
   */
  readonly refetch: (issuerId: string) => Promise<number | undefined>
  /** For an operator: fetches now, unconditionally. Undefined: no such issuer. */
  readonly refresh: (issuerId: string) => Promise<KeySourceStatus | undefined>
  /** Takes a key out, by key id or thumbprint, at once and for ever. Undefined: no such issuer. */
  readonly distrust: (issuerId: string, name: string) => DistrustOutcome | undefined
  /** A request used or wanted this issuer's keys: keeps them refreshed, and wakes a source that rests. */
  readonly touch: (issuerId: string) => void
  readonly keySet: (issuerId: string) => KeySet | undefined
  readonly status: () => readonly KeySourceStatus[]
  /** Ends all fetching; what is under way is forgotten. */
  readonly stop: () => void
}

/** What naming a key as distrusted did. */
export interface DistrustOutcome {
  /** Thumbprints of the keys that go by the name. None: it is kept for keys to come. */
  readonly removed: readonly string[]
  /** False: the disk refused, and it holds until the next restart only. */
  readonly saved: boolean
}

const fetchesMax = 8

/** Makes the client. Nothing is fetched before `configure`. */
export function createJwksClient(given: JwksClientPorts): JwksClient {
  const slots = createFetchSlots(fetchesMax)
  const ports: JwksClientPorts = { ...given, fetch: (request) => slots.run(() => given.fetch(request)) }
  let sources: ReadonlyMap<string, KeySourceState> = new Map()

  return {
    configure: (all) => {
      const next = new Map<string, KeySourceState>()
      for (const terms of all) {
        const before = sources.get(terms.issuerId)
        const unchanged = before !== undefined && isDeepStrictEqual(before.terms, terms)
        next.set(terms.issuerId, unchanged ? before : succeed(before, terms, ports))
      }
      for (const [issuerId, state] of sources) if (!next.has(issuerId)) stopSource(state)
      sources = next
    },
    refetch: async (issuerId) => {
      const state = sources.get(issuerId)
      if (state === undefined) return undefined
      await refetch(state)
      return state.bucket.waitMs(ports.nowMs())
    },
    refresh: async (issuerId) => {
      const state = sources.get(issuerId)
      if (state === undefined) return undefined
      // A running round may have asked before whatever made the operator ask.
      await state.flight
      if (!state.stopped) await runRound(state, false)
      // The configuration may have changed meanwhile, and a source that left must not speak again.
      const current = sources.get(issuerId)
      return current === undefined ? undefined : describeSource(current)
    },
    distrust: (issuerId, name) => {
      const state = sources.get(issuerId)
      return state === undefined ? undefined : distrust(state, name)
    },
    touch: (issuerId) => {
      const state = sources.get(issuerId)
      if (state === undefined) return
      state.usedAtMs = ports.nowMs()
      if (state.idle) void runRound(state, true)
    },
    keySet: (issuerId) => {
      const state = sources.get(issuerId)
      return state === undefined ? undefined : publish(state)
    },
    status: () => [...sources.values()].map(describeSource),
    stop: () => {
      for (const state of sources.values()) stopSource(state)
      sources = new Map()
    },
  }
}

/** Starts a source from what its predecessor, or the last run, left: offers that at once, and fetches. */
function succeed(before: KeySourceState | undefined, terms: KeySourceTerms, ports: JwksClientPorts): KeySourceState {
  if (before !== undefined) stopSource(before)
  const state = openSource(terms, ports, before === undefined ? ports.store.load(terms.issuerId) : toStored(before))
  publish(state)
  armExpiry(state)
  void runRound(state, true)
  return state
}

async function refetch(state: KeySourceState): Promise<void> {
  state.usedAtMs = state.ports.nowMs()
  // A resting source must fetch to serve at all; only what is asked of a waking one is charged.
  if (state.flight !== undefined || state.idle || state.bucket.take(state.usedAtMs)) await runRound(state, true)
}

function distrust(state: KeySourceState, name: string): DistrustOutcome {
  const keys = partsInOrder(state).flatMap((part) => part.keys)
  const removed = new Set(keys.filter((key) => isNamed(key, name)).map((key) => key.thumbprint))
  // By thumbprint too, so that the key does not come back under another id.
  for (const one of [name, ...removed]) state.distrusted.add(one)
  publish(state)
  return { removed: [...removed], saved: state.ports.store.save(toStored(state)) }
}
