import type { Snapshot } from '../../compile/snapshot.ts'
import type { CutCause } from '../../domain/end-cause.ts'
import { judgeAgain, trustEndsMs } from '../judge-again.ts'
import type { FindKeyPorts } from '../steps/find-key.ts'
import type { Trail } from '../trail.ts'

/** A tunnel, an event stream, or an answer that must not outlive its token. */
export interface LongConnection {
  readonly cut: (cause: CutCause) => void
  /** Keeps its own time limits. */
  readonly sweep?: (nowMs: number) => void
}

/** What a worker has open that may outlive the token it was let in with (security rule S16). */
export interface LongConnections {
  readonly watch: (trail: Trail, connection: LongConnection) => void
  readonly forget: (trail: Trail) => void
  /** Ends all that is open after so long, and from then on all that comes. */
  readonly drain: (afterMs: number) => void
}

export interface LongConnectionsPorts {
  readonly nowMs: () => number
  readonly snapshot: () => Snapshot | undefined
  readonly keys: FindKeyPorts
  /** Calls `tick` again and again; must not keep the process alive. */
  readonly every: (intervalMs: number, tick: () => void) => unknown
}

interface Watched {
  readonly connection: LongConnection
  endsMs: number
  /** What it was last judged by: while these are the same, the verdict is. */
  snapshot: Snapshot
  keySet: unknown
}

/** How late a token's end, a distrusted key or an idle limit may be noticed. */
const longSweepMs = 250

export function createLongConnections({ nowMs, snapshot, keys, every }: LongConnectionsPorts): LongConnections {
  const open = new Map<Trail, Watched>()
  let drainAtMs = Number.POSITIVE_INFINITY

  const keySetOf = ({ verified }: Trail): unknown =>
    verified?.token === undefined ? undefined : keys.remote.get(verified.issuerId)?.set

  function causeOf(trail: Trail, watched: Watched, now: number): CutCause | undefined {
    if (now >= drainAtMs) return 'drain'
    if (now >= watched.endsMs) return 'expired'
    const current = snapshot() ?? watched.snapshot
    const keySet = keySetOf(trail)
    if (current === watched.snapshot && keySet === watched.keySet) return undefined
    watched.snapshot = current
    watched.keySet = keySet
    const verdict = judgeAgain(trail, current, keys, now)
    if (!verdict.ok) return verdict.error
    watched.endsMs = verdict.value
    return undefined
  }

  every(longSweepMs, () => {
    if (open.size === 0) return
    const now = nowMs()
    for (const [trail, watched] of open) {
      watched.connection.sweep?.(now)
      const cause = causeOf(trail, watched, now)
      if (cause !== undefined) watched.connection.cut(cause)
    }
  })

  return {
    watch: (trail, connection) =>
      open.set(trail, {
        connection,
        endsMs: trustEndsMs(trail),
        snapshot: trail.snapshot,
        // Not yet judged by any: what changed since the token was checked is seen at the first tick.
        keySet: undefined,
      }),
    forget: (trail) => open.delete(trail),
    drain: (afterMs) => {
      drainAtMs = nowMs() + afterMs
    },
  }
}
