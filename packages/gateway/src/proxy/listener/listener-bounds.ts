/**
 * An unread body up to this size is read away so that the caller reads its answer; beyond it the connection ends, or over
 * HTTP/2 the stream.
 */
export const drainedBytesMax: number = 64 * 1024
/** How long a caller that still sends may take to read the last answer, or the last frames, of its connection. */
export const lingerMs = 1_000
/** How often time limits are looked after: no limit is kept late by more. */
export const sweepMs = 500
