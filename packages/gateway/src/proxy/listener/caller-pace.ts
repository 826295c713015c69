import type { LimitsPlan } from '../../compile/plan.ts'
import type { Reject } from '../../domain/reject.ts'

/** One request and its answer, as the time limits look at them (security rule S15). */
export interface CallerPace {
  readonly watch: PaceWatch
  readonly body: {
    /** The caller owes bytes and somebody waits for them. */
    readonly isAwaited: boolean
    /** Bytes that came. */
    readonly readBytes: number
  }
  /** Bytes of the answer the caller has not taken yet. */
  readonly waitingBytes: number
  /** Bytes it has taken. */
  readonly takenBytes: number
  /** Messages may be far apart (gRPC, event streams, upgraded connections): only silence counts. */
  readonly isLong: boolean
}

/** What a look found, to compare the next one with. */
export interface PaceWatch {
  bodySinceMs: number
  readBytes: number
  answerSinceMs: number
  takenBytes: number
}

/** Silence of a caller whose messages may be far apart. */
export const quietMs = 300_000
/**
 * The system and Node's streams tell of what a caller took in pieces of up to this size: in a shorter time than a piece
 * takes at the least speed, none need come.
 */
const pieceBytes = 81_920

/** A watch over a request that was not looked at yet. */
export function startWatch(): PaceWatch {
  return { bodySinceMs: 0, readBytes: 0, answerSinceMs: 0, takenBytes: 0 }
}

/**
 * Whether a caller sends the body that is waited for, or takes the answer it asked for, too slowly. Time counts only while
 * it is the caller that is waited for. Costs nothing between two looks.
 */
export function slowSide(pace: CallerPace, limits: LimitsPlan, nowMs: number): 'body' | 'answer' | undefined {
  const { watch, body, waitingBytes, takenBytes, isLong } = pace
  const { bytesPerSecond, slowAfterMs } = limits
  const leastBytes = isLong ? 1 : (bytesPerSecond * slowAfterMs) / 1000
  if (!body.isAwaited) watch.bodySinceMs = 0
  else if (watch.bodySinceMs === 0 || body.readBytes - watch.readBytes >= leastBytes) {
    watch.bodySinceMs = nowMs
    watch.readBytes = body.readBytes
  } else if (nowMs - watch.bodySinceMs >= (isLong ? quietMs : slowAfterMs)) return 'body'
  if (waitingBytes === 0) watch.answerSinceMs = 0
  else if (watch.answerSinceMs === 0 || takenBytes - watch.takenBytes >= leastBytes) {
    watch.answerSinceMs = nowMs
    watch.takenBytes = takenBytes
  } else if (nowMs - watch.answerSinceMs >= (isLong ? quietMs : answerWindowMs(limits))) return 'answer'
  return undefined
}

/** Within this time a caller takes as much of its answer as it must send of a body in `slowAfterMs`. */
export function answerWindowMs({ bytesPerSecond, slowAfterMs }: LimitsPlan): number {
  return Math.max(slowAfterMs, (pieceBytes * 1000) / bytesPerSecond)
}

/** The refusal of a caller that was too slow. */
export function slowReject(side: 'body' | 'answer', { bytesPerSecond }: LimitsPlan): Reject {
  const rule = 'gateway.limits.bytesPerSecond'
  return { reason: side === 'body' ? 'body_timeout' : 'caller_slow', bytesPerSecond, rule }
}
