import type { KeyObject } from 'node:crypto'

/** A public key as a key set shows it; the bench's tokens name the kid `bench`. */
export function publishedKey(key: KeyObject, kid: string): object {
  return { ...key.export({ format: 'jwk' }), kid, use: 'sig' }
}
