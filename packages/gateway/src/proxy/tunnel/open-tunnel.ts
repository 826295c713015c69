import { type Counters, counter, gauge, tunnelEndCounter } from '../../telemetry/counters.ts'
import type { Trail } from '../trail.ts'
import type { Handshake } from '../upstream/forward-outcome.ts'
import type { LongConnections } from './long-connections.ts'
import { Tunnel } from './tunnel.ts'

export interface OpenTunnelPorts {
  readonly long: LongConnections
  readonly counters: Counters
  readonly nowMs: () => number
  readonly randomBytes: (bytes: number) => Buffer
}

/**
 * What to do with a request's handshake when the upstream agrees. Undefined: the API offers no WebSocket, or the
 * connection cannot become one, and the request is an ordinary one.
 */
export function createOpenTunnel(ports: OpenTunnelPorts): (trail: Trail) => Handshake | undefined {
  const { long, counters, nowMs, randomBytes } = ports
  let openCount = 0

  return function openTunnel(trail: Trail): Handshake | undefined {
    const { upgrade } = trail.exchange
    const key = trail.head?.webSocketKey
    const offer = trail.api?.plan.websocket
    if (upgrade === undefined || key === undefined || offer === undefined) return undefined
    return {
      key,
      open: (rawHeaders, upstream, done) => {
        counters.add(counter.tunnelsOpened, 1)
        counters.set(gauge.tunnelsOpen, ++openCount)
        const tunnel = new Tunnel({
          idleTimeoutMs: offer.idleTimeoutMs,
          nowMs,
          newMask: () => randomBytes(4),
          done: (outcome) => {
            counters.add(tunnelEndCounter[outcome.ended], 1)
            counters.set(gauge.tunnelsOpen, --openCount)
            done(outcome)
          },
        })
        tunnel.upstream.attach(upstream)
        tunnel.caller.attach(upgrade.open(rawHeaders, tunnel.caller))
        long.watch(trail, tunnel)
        return tunnel.upstream
      },
    }
  }
}
