/**
 * Most requests a second the paced generator is asked for. It shares its core with the upstream: more would leave that
 * core no time to be idle in, and the queue before it would be read as the gateway's latency.
 */
export const pacedRpsMax = 12_000
