import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A provider's key set on loopback, in this process. */
export interface JwksServer {
  readonly uri: string
  /** Times the set was given, whole. */
  readonly fetches: () => number
  /** Kept when it has given the set for the first time. */
  readonly asked: Promise<void>
  /** Ends it, when what is under way is given. */
  readonly stop: () => void
}

export interface JwksServerOptions {
  /** The keys in use right now, as a set shows them; asked for each fetch. */
  readonly keys: () => readonly object[]
  /** For how long the set may be used, as the answer says it (RFC 9111 5.2.2.1). */
  readonly maxAgeSeconds: number
}

/** Serves whatever keys are in use when it is asked, each time over a connection of its own. */
export async function startJwksServer({ keys, maxAgeSeconds }: JwksServerOptions): Promise<JwksServer> {
  let fetches = 0
  let tellAsked: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    tellAsked = resolve
  })
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.setHeader('Cache-Control', `max-age=${maxAgeSeconds}`)
    response.setHeader('Connection', 'close')
    response.once('finish', () => {
      fetches++
      tellAsked()
    })
    response.end(JSON.stringify({ keys: keys() }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    fetches: () => fetches,
    asked,
    stop: () => server.close(),
  }
}
