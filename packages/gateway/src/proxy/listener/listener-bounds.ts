/** An unread body up to this size is read away so that the connection can be kept; beyond it the connection closes. */
export const drainedBytesMax: number = 64 * 1024
/** How long a caller that still sends may take to read the answer that ends its connection. */
export const lingerMs = 1_000
/** How often time limits are looked after: no limit is kept late by more. */
export const sweepMs = 500
