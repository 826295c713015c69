import { runPinned } from '../run-pinned.ts'
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
export function runGenerator(name: 'http1' | 'http2', cpu: number, plan: GeneratorPlan): Promise<Load> {
  const script = new URL(`./${name}.ts`, import.meta.url)
  return runPinned({ node: process.execPath, cpus: [cpu], script, words: [JSON.stringify(plan)] })
}
