import { runPinned } from '../run-pinned.ts'
import type { PacedRun } from './paced-run.ts'
import { type Latency, toLatency } from './to-latency.ts'

export type { Latency } from './to-latency.ts'

/** From the end of its load to the end of the generator, its own start included. */
const endedWithinSeconds = 30
const script = new URL('./paced.ts', import.meta.url)

/**
 * Latency at a fixed rate, from a generator of its own on the load core (`paced.ts`); undefined when the generator did not
 * keep up with the rate. Fails, and says why, when an answer is missing or has another status than the expected one.
 */
export async function latencyAt(options: {
  readonly port: number
  readonly path: string
  readonly tokenFile: string
  readonly rps: number
  readonly seconds: number
  readonly cpu: number
  /** The token to begin with: behind those the warm-up used, or they would be known already. */
  readonly startAt?: number
  /** 200 where it is not said. */
  readonly expectedStatus?: number
}): Promise<Latency | undefined> {
  const { port, path, tokenFile, rps, seconds, cpu, startAt = 0, expectedStatus = 200 } = options
  const words = [port, path, tokenFile, Math.floor(rps), seconds, 64, startAt, expectedStatus].map(String)
  const endedWithinMs = (seconds + endedWithinSeconds) * 1000
  const run = await runPinned<PacedRun>({ node: process.execPath, cpus: [cpu], script, words, endedWithinMs })
  return toLatency(run, expectedStatus)
}
