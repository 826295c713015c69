import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { KeyRecord } from '../domain/key.ts'

/** Imports keys on first use and remembers them in fixed memory (hot-path rule 9). */
export type KeyImporter = (record: KeyRecord) => KeyObject

const keysMaxDefault = 4096

/**
 * An importer that holds at most twice `keysMax` keys. Two halves instead of a list in order of use: a hit in the
 * young one writes nothing, and what is in use moves over before the old one is dropped.
 */
export function createKeyImporter(keysMax: number = keysMaxDefault): KeyImporter {
  let young = new Map<string, KeyObject>()
  let old = new Map<string, KeyObject>()
  return (record) => {
    const known = young.get(record.thumbprint)
    if (known !== undefined) return known
    const key = old.get(record.thumbprint) ?? importKey(record)
    if (young.size >= keysMax) {
      old = young
      young = new Map()
    }
    young.set(record.thumbprint, key)
    return key
  }
}

function importKey(record: KeyRecord): KeyObject {
  return record.kind === 'secret'
    ? createSecretKey(record.secret, 'base64url')
    : createPublicKey({ key: record.jwk, format: 'jwk' })
}
