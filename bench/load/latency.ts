import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

const generator = fileURLToPath(new URL('./paced.ts', import.meta.url))

/** The generator looks at its schedule every millisecond; one that is later than this was the limit itself. */
const lagMsMax = 5

/**
 * Latency at a fixed rate, from a generator of its own on the load core (`paced.ts`); undefined when the generator did not
 * keep up with the rate.
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
}): Promise<Latency | undefined> {
  const { port, path, tokenFile, rps, seconds, startAt = 0 } = options
  const words = [port, path, tokenFile, Math.floor(rps), seconds, 64, startAt].map(String)
  const args = ['-c', String(options.cpu), process.execPath, '--import', 'tsx', generator, ...words]
  const { stdout } = await promisify(execFile)('taskset', args)
  const said = JSON.parse(stdout) as Latency & { sent: number; answered: number; failures: number; lagP99Ms: number }
  if (said.failures > 0 || said.answered !== said.sent) {
    throw new Error(`${said.sent - said.answered} of ${said.sent} paced requests got no answer`)
  }
  return said.lagP99Ms > lagMsMax ? undefined : said
}
