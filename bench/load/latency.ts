import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PacedRun } from './paced-run.ts'
import { type Latency, toLatency } from './to-latency.ts'

export type { Latency } from './to-latency.ts'

/** From the end of its load to the end of the generator, its own start included. */
const endedWithinSeconds = 30
const generator = fileURLToPath(new URL('./paced.ts', import.meta.url))

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
  const { port, path, tokenFile, rps, seconds, startAt = 0, expectedStatus = 200 } = options
  const words = [port, path, tokenFile, Math.floor(rps), seconds, 64, startAt, expectedStatus].map(String)
  const timeout = (seconds + endedWithinSeconds) * 1000
  const args = ['-c', String(options.cpu), process.execPath, '--import', 'tsx', generator, ...words]
  const { stdout } = await promisify(execFile)('taskset', args, { timeout, killSignal: 'SIGKILL' })
  return toLatency(JSON.parse(stdout) as PacedRun, expectedStatus)
}
