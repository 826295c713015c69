import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { publishedKey } from '../../sides/published-key.ts'

/** A key set in which a key beside the one that signs is new with each rotation. */
export interface RotatingKeys {
  /** What is published now; who asks is taken to have fetched it. */
  readonly keys: () => readonly object[]
  readonly rotate: () => void
  /** Editions that somebody fetched since the start; the same one twice counts once. */
  readonly fetched: () => number
}

const companionKeys = 4

/** The signing key stays, as the next one to sign is published before it does: no token becomes a bad one. */
export function rotatingKeys(signing: KeyObject): RotatingKeys {
  const publicKeys = Array.from(
    { length: companionKeys },
    () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
  )
  let edition = 0
  let fetched = 0
  let lastFetched = -1
  return {
    keys: () => {
      if (edition !== lastFetched) fetched++
      lastFetched = edition
      const companion = publicKeys[edition % publicKeys.length]
      const own = publishedKey(signing, 'bench')
      return edition === 0 || companion === undefined ? [own] : [own, publishedKey(companion, `companion-${edition}`)]
    },
    rotate: () => {
      edition++
    },
    fetched: () => fetched,
  }
}
