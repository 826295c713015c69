import { http2Limits } from './http2-limits.ts'
import type { Http2Reply } from './http2-reply.ts'

/** What a look at a stream found, to compare the next one with. */
export interface Http2Watch {
  bodySinceMs: number
  readBytes: number
  answerSinceMs: number
  takenBytes: number
}

/** A watch over a stream that was not looked at yet. */
export function startWatch(): Http2Watch {
  return { bodySinceMs: 0, readBytes: 0, answerSinceMs: 0, takenBytes: 0 }
}

/**
 * Whether a caller sends the body that is waited for, or takes the answer it asked for, too slowly (security rule S15).
 * Time counts only while it is the caller that is waited for.
 */
export function isTooSlow({ body, watch, waitingBytes, takenBytes }: Http2Reply, nowMs: number): boolean {
  const windowMs = body.isGrpc ? http2Limits.quietMs : http2Limits.slowWindowMs
  const leastBytes = body.isGrpc ? 1 : http2Limits.slowBytesMin
  if (!body.isAwaited) watch.bodySinceMs = 0
  else if (watch.bodySinceMs === 0 || body.readBytes - watch.readBytes >= leastBytes) {
    watch.bodySinceMs = nowMs
    watch.readBytes = body.readBytes
  } else if (nowMs - watch.bodySinceMs >= windowMs) return true
  if (waitingBytes === 0) watch.answerSinceMs = 0
  else if (watch.answerSinceMs === 0 || takenBytes > watch.takenBytes) {
    watch.answerSinceMs = nowMs
    watch.takenBytes = takenBytes
  } else if (nowMs - watch.answerSinceMs >= http2Limits.stalledAnswerMs) return true
  return false
}
