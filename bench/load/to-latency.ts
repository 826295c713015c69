import type { PacedRun } from './paced-run.ts'

/** Milliseconds from when a request was due to its answer. */
export interface Latency {
  readonly p50Ms: number
  /** Undefined: the generator was too late for this percentile, which would be its own as much as the side's. */
  readonly p99Ms: number | undefined
  readonly p999Ms: number | undefined
  readonly maxMs: number
  /** How late the generator sent, at the two percentiles. */
  readonly lagP99Ms: number
  readonly lagP999Ms: number
}

/**
 * A generator that sends a hundredth of its requests later than this did not keep up with the rate: then there is no latency at
 * all.
 */
const keptUpLagMsMax = 5
/**
 * How late a request may be sent, at the percentile that is read: what is sent late is within each latency. The target is a
 * p99 of 1 ms and a p99.9 of 5 ms above HAProxy's, so no more than the one and half the other may be the generator's.
 */
const lagP99MsMax = 1
const lagP999MsMax = 2.5

/** What a paced run says of latency; undefined when the generator did not keep up. Fails on any other answer than expected. Pure. */
export function toLatency(run: PacedRun, expectedStatus: number): Latency | undefined {
  const { hasKeptUp, sent, answered, unexpected, failures, lagP99Ms, lagP999Ms, p50Ms, p99Ms, p999Ms, maxMs } = run
  if (!hasKeptUp) return undefined
  if (failures > 0 || answered !== sent) throw new Error(`${sent - answered} of ${sent} paced requests got no answer`)
  if (unexpected > 0) throw new Error(`${unexpected} answers were not ${expectedStatus}`)
  if (lagP99Ms > keptUpLagMsMax) return undefined
  return {
    ...{ p50Ms, maxMs, lagP99Ms, lagP999Ms },
    p99Ms: lagP99Ms > lagP99MsMax ? undefined : p99Ms,
    p999Ms: lagP999Ms > lagP999MsMax ? undefined : p999Ms,
  }
}
