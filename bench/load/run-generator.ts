import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Load } from './load.ts'

/** What our own generators are told, as JSON on their command line. */
export interface GeneratorPlan {
  readonly port: number
  readonly path: string
  readonly tokenFile: string
  /** The token to begin with, counted from 0. */
  readonly startAt: number
  readonly seconds: number
  /** Requests in flight, over however many connections. */
  readonly inFlight: number
  /** A TLS connection of its own for each request; else plain connections that are kept. HTTP/2 is always TLS and kept. */
  readonly isNewEach: boolean
  readonly bodyBytes: number
  /** Requests a second at most. */
  readonly rpsMax: number | undefined
}

/** Runs one of our generators as a process of its own, pinned to one core; it prints a `Load` as JSON. */
export async function runGenerator(name: 'http1' | 'http2', cpu: number, plan: GeneratorPlan): Promise<Load> {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const args = ['-c', String(cpu), process.execPath, '--import', 'tsx', file, JSON.stringify(plan)]
  const { stdout } = await promisify(execFile)('taskset', args)
  return JSON.parse(stdout) as Load
}
