import type { UpstreamPlan } from '../compile/plan.ts'
import type { Exchange } from './exchange.ts'
import type { UpstreamHead } from './steps/shape-upstream.ts'
import type { ForwardOutcome, Handshake, ShapeHead } from './upstream/forward-outcome.ts'
import { Forwarding } from './upstream/forwarding.ts'
import type { Pools } from './upstream/pools.ts'

/**
 * Sends a request on and its answer back, streaming both with back-pressure, in constant memory. `done` is called once,
 * also when the caller is gone. `Reply.head` gets the upstream's Content-Length as `bodyBytes` (for HEAD and 304 the
 * length of what is not sent; undefined for 204), and an answer that came in one read is written within one tick. With
 * `handshake` a 101 that proves itself opens a tunnel; any other answer is an ordinary one.
 */
export function forward(
  exchange: Exchange,
  head: UpstreamHead,
  upstream: UpstreamPlan,
  pools: Pools,
  shapeHead: ShapeHead,
  done: (outcome: ForwardOutcome) => void,
  handshake?: Handshake,
): void {
  new Forwarding(exchange, head, upstream, pools, shapeHead, done, handshake).start()
}
