/** What the paced generator did, counted over all it sent; times in milliseconds, of all but the first fifth. */
export interface PacedRun {
  /** False: it was far behind its rate, and gave up. */
  readonly hasKeptUp: boolean
  readonly sent: number
  readonly answered: number
  /** Answers with another status than the expected one. */
  readonly unexpected: number
  /** Requests whose connection closed before the answer. */
  readonly failures: number
  /** From when a request was due to its answer. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  /** From when a request was due to when it was sent: the generator's own time, which is within each latency. */
  readonly lagP99Ms: number
  readonly lagP999Ms: number
}
