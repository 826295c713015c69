import type { Latency } from './load/latency.ts'
import type { Sample } from './measure.ts'

/** What each side's paced run came to: undefined when the generator did not keep up, an error when answers were wrong. */
export type SideLatencies = ReadonlyMap<Sample['side'], Latency | Error | undefined>

/** Why there is no latency of a side, or no percentile of it. Pure. */
export function latencyNotes(sides: SideLatencies): readonly string[] {
  return [...sides].flatMap(([side, told]) => {
    if (told instanceof Error) return [`no latency of ${side}: ${told.message}`]
    if (told === undefined) return [`no latency of ${side}: the load generator did not keep up with the rate`]
    const percentiles = [
      ['p99', told.p99Ms, told.lagP99Ms],
      ['p99.9', told.p999Ms, told.lagP999Ms],
    ] as const
    return percentiles.flatMap(([name, ms, lagMs]) =>
      ms === undefined ? [`no ${name} of ${side}: the load generator was ${lagMs.toFixed(1)} ms late`] : [],
    )
  })
}
