import type { KeyRecord } from '../domain/key.ts'
import { indexKeys, type KeyIndex } from './key-index.ts'

const indexes: WeakMap<readonly KeyRecord[], KeyIndex> = new WeakMap()

/**
 * The index of a frozen list of keys, built when first asked for. Lists are told apart by identity: one that a reload
 * did not touch keeps its index, and a reload costs nothing here (hot-path rule 9).
 */
export function indexOnce(keys: readonly KeyRecord[]): KeyIndex {
  const known = indexes.get(keys)
  if (known !== undefined) return known
  const index = indexKeys(keys)
  indexes.set(keys, index)
  return index
}
