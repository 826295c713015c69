import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type KeySource, rotationSeconds } from '../cases.ts'
import { keyId } from '../tokens.ts'

/** A provider's key set on loopback. */
export interface JwksServer {
  readonly uri: string
  /** Whole seconds since 1970 when the first two keys came into use. */
  readonly sinceSeconds: number
  /** Kept when it has given the set for the first time. */
  readonly asked: Promise<void>
  /** Ends it, when what is under way is given. */
  readonly stop: () => void
}

/** How long a set may be used, as `Cache-Control` tells it. A set that rotates is found out by its new key's first token. */
const maxAgeSeconds = { jwks: 5, 'jwks-rotating': 300, 'jwks-down': 1 } as const

/**
 * Serves the keys in use: with several, two at a time, one of them replaced every `rotationSeconds`, so that each stays for as
 * long after its successor came.
 */
export async function startJwksServer(
  source: Exclude<KeySource, 'static'>,
  keyFiles: readonly string[],
): Promise<JwksServer> {
  const keys = keyFiles.map((file, index) => ({
    ...createPublicKey(readFileSync(file)).export({ format: 'jwk' }),
    ...{ kid: keyId(index), use: 'sig' },
  }))
  const sinceSeconds = Math.floor(Date.now() / 1000)
  let tellAsked: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    tellAsked = resolve
  })
  const server = createServer((_, response) => {
    const first = Math.floor((Date.now() / 1000 - sinceSeconds) / rotationSeconds)
    response.setHeader('Content-Type', 'application/json')
    response.setHeader('Cache-Control', `max-age=${maxAgeSeconds[source]}`)
    response.setHeader('Connection', 'close')
    response.once('finish', tellAsked)
    response.end(JSON.stringify({ keys: keys.length === 1 ? keys : keys.slice(first, first + 2) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    sinceSeconds,
    asked,
    stop: () => server.close(),
  }
}
