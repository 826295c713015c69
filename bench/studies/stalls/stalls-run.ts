import type { Gateway } from '../gateway.ts'

/** A gateway under observation, and what can be done to it. */
export interface StallsRun {
  readonly gateway: Gateway
  readonly reload: (changed: 'one' | 'all') => void
  readonly rotate: () => void
  /** Editions of the key set that the gateway fetched so far. */
  readonly fetched: () => number
  readonly tokenFile: string
  /** Requests a second. */
  readonly rps: number
  /** Of a phase's load. */
  readonly seconds: number
  readonly loadCpu: number
  /** What the watch in the worker writes. */
  readonly stallFile: string
}
