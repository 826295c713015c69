import { ask } from '../ask.ts'

/** What stands behind both sides. */
export interface Upstream {
  readonly port: number
  readonly counts: () => Promise<UpstreamCounts>
  readonly stop: () => Promise<void>
}

/** Since the upstream's start; reading them counts as one of each. */
export interface UpstreamCounts {
  readonly requests: number
  readonly connections: number
}

/** Reads `stub_status` of nginx, or what looks like it. */
export async function readCounts(port: number): Promise<UpstreamCounts> {
  const { body } = await ask({ port, transport: 'http', path: '/status', headers: {}, body: Buffer.alloc(0) })
  const [, connections, , requests] = /handled requests\s+(\d+) (\d+) (\d+)/.exec(body.toString()) ?? []
  if (requests === undefined) throw new Error('the upstream does not tell its counts')
  return { requests: Number(requests), connections: Number(connections) }
}
