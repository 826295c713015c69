import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An identity provider's key set, on loopback in this process. */
export interface JwksServer {
  readonly url: string
  /** Times the set was asked for. */
  readonly fetches: () => number
  /** Publishes another set. */
  readonly publish: (keys: readonly object[]) => void
  readonly stop: () => void
}

/** `maxAgeSeconds`: for how long the set may be used, as the answer says it (RFC 9111 5.2.2.1). */
export async function startJwksServer(keys: readonly object[], maxAgeSeconds: number): Promise<JwksServer> {
  let body = JSON.stringify({ keys })
  let fetches = 0
  const server = createServer((_, response) => {
    fetches++
    response.setHeader('content-type', 'application/json')
    response.setHeader('cache-control', `max-age=${maxAgeSeconds}`)
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    fetches: () => fetches,
    publish: (next) => {
      body = JSON.stringify({ keys: next })
    },
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
