import type { KeyRecord } from '../../domain/key.ts'
import { indexKeys, type KeyIndex } from '../key-index.ts'
import type { KeySet } from '../key-set.ts'
import { createRefetcher, type RefetchPorts } from './refetcher.ts'

/** An issuer's fetched keys and the look-up over them. */
export interface IndexedKeySet {
  readonly set: KeySet
  readonly index: KeyIndex
}

/** The fetched keys of all issuers, as a worker holds them: control hands them over, requests only read. */
export interface RemoteKeySets {
  /** Takes a set over. Unchanged keys keep their identity and their index, so nothing is imported again. */
  readonly put: (set: KeySet) => void
  readonly get: (issuerId: string) => IndexedKeySet | undefined
  /** Forgets an issuer that is no longer configured. */
  readonly drop: (issuerId: string) => void
  /** Waits, within the bounds of S7, for control to fetch again because of this `kid`. Never rejects. */
  readonly refetch: (issuerId: string, kid: string | undefined) => Promise<void>
}

/** Creates the worker's key sets. They live beside the snapshot and survive its replacement. */
export function createRemoteKeySets(ports: RefetchPorts): RemoteKeySets {
  const held = new Map<string, IndexedKeySet>()
  const refetcher = createRefetcher(ports)
  return {
    put: (set) => {
      held.set(set.issuerId, adopt(set, held.get(set.issuerId)))
      refetcher.settle(set.issuerId)
    },
    get: (issuerId) => held.get(issuerId),
    drop: (issuerId) => {
      held.delete(issuerId)
      refetcher.forget(issuerId)
    },
    refetch: (issuerId, kid) =>
      refetcher.refetch(issuerId, kid, () => kid !== undefined && held.get(issuerId)?.index.knows(kid) === true),
  }
}

function adopt(set: KeySet, before: IndexedKeySet | undefined): IndexedKeySet {
  if (before === undefined) return { set, index: indexKeys(set.keys) }
  const known = new Map(before.set.keys.map((key) => [JSON.stringify(key), key]))
  const keys = set.keys.map((key) => known.get(JSON.stringify(key)) ?? key)
  if (isSameList(keys, before.set.keys)) return { set: { ...set, keys: before.set.keys }, index: before.index }
  return { set: { ...set, keys }, index: indexKeys(keys) }
}

function isSameList(keys: readonly KeyRecord[], before: readonly KeyRecord[]): boolean {
  return keys.length === before.length && keys.every((key, index) => key === before[index])
}
