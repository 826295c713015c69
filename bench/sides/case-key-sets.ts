import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type KeySource, rotationSeconds } from '../cases.ts'
import { keyId } from '../tokens.ts'
import { type JwksServer, startJwksServer } from './jwks-server.ts'
import { publishedKey } from './published-key.ts'

/** The key sets of a case, served. */
export interface CaseKeySets extends JwksServer {
  /** Whole seconds since 1970 when the first two keys came into use. */
  readonly sinceSeconds: number
}

/** How long a set may be used. A set that rotates is found out by its new key's first token. */
const maxAgeSeconds = { jwks: 5, 'jwks-rotating': 300, 'jwks-down': 1 } as const

/**
 * Serves the keys in use: with several, two at a time, one of them replaced every `rotationSeconds`, so that each stays for as
 * long after its successor came.
 */
export async function startCaseKeySets(
  source: Exclude<KeySource, 'static'>,
  keyFiles: readonly string[],
): Promise<CaseKeySets> {
  const all = keyFiles.map((file, index) => publishedKey(createPublicKey(readFileSync(file)), keyId(index)))
  const sinceSeconds = Math.floor(Date.now() / 1000)
  const keys = (): readonly object[] => {
    const first = Math.floor((Date.now() / 1000 - sinceSeconds) / rotationSeconds)
    return all.length === 1 ? all : all.slice(first, first + 2)
  }
  return { ...(await startJwksServer({ keys, maxAgeSeconds: maxAgeSeconds[source] })), sinceSeconds }
}
