import { readFileSync } from 'node:fs'
import { benchPath } from '../../cases.ts'
import { latencyAt } from '../../load/latency.ts'
import { pause } from '../pause.ts'
import { disturbances } from './disturbances.ts'
import { longestStall, type Stall } from './longest-stall.ts'
import { meanwhile } from './meanwhile.ts'
import { type Happening, phaseFaults } from './phase-faults.ts'
import type { Phase } from './phases.ts'
import { readGauge } from './read-gauge.ts'
import { readWatch, type WatchNote } from './read-watch.ts'
import { settledGeneration } from './settled-generation.ts'
import type { StallsRun } from './stalls-run.ts'
import { watchFault } from './watch-fault.ts'

/** What a phase came to. */
export interface PhaseResult {
  /** By the watch in the worker. */
  readonly longest: Stall
  readonly over20Ms: number
  /** By the gateway's own gauge; undefined where it was not told. */
  readonly gaugeMs: number | undefined
  /** The longest latency a caller saw; undefined where it is not known. */
  readonly latencyMs: number | undefined
  readonly happenings: readonly Happening[]
  /** Why the phase does not count. */
  readonly faults: readonly string[]
}

/** Nothing is begun in the last third of the load, so that what it brings about falls under load as well. */
const activeShare = 2 / 3
/** Longest wait for the watch to have looked beyond the end: it writes each half second, unless the loop stalls. */
const watchMsMax = 10_000

/** One phase: the load, what happens meanwhile, and what the worker's event loop made of it. */
export async function runPhase(run: StallsRun, phase: Phase): Promise<PhaseResult> {
  const gauges: number[] = []
  const generation = await settledGeneration(run.gateway)
  const disturbed = disturbances(run, phase, { generation, gauges })
  const fromMs = Date.now()
  const doing = meanwhile(disturbed, run.seconds * 1000 * activeShare)
  const load = await runLoad(run)
  const untilMs = Date.now()
  const { events, errors } = await doing.ended()
  const notes = await notesUntil(run.stallFile, untilMs)
  const happenings: Happening[] = []
  for (const { what, shareMin, done } of disturbed) {
    const asked = events.filter((event) => event.what === what).length
    happenings.push({ what, shareMin, asked, done: await done(fromMs, untilMs) })
  }
  // Last, as its reading is itself work of the worker's.
  const last = await readGauge(run.gateway).catch((error: Error) => error)
  const failed = last instanceof Error ? [...errors, `the gauge was not told: ${last.message}`] : errors
  return {
    ...longestStall(notes, fromMs, untilMs, events),
    gaugeMs: last instanceof Error ? undefined : Math.max(...gauges, last),
    latencyMs: load.maxMs,
    happenings,
    faults: phaseFaults({ watch: watchFault(notes, fromMs, untilMs), load: load.fault, happenings, errors: failed }),
  }
}

interface LoadSeen {
  readonly maxMs: number | undefined
  readonly fault: string | undefined
}

async function runLoad({ gateway, tokenFile, rps, seconds, loadCpu }: StallsRun): Promise<LoadSeen> {
  const paced = { port: gateway.port, path: benchPath, tokenFile, rps, seconds, cpu: loadCpu }
  try {
    const latency = await latencyAt(paced)
    return { maxMs: latency?.maxMs, fault: latency === undefined ? 'the generator did not keep up' : undefined }
  } catch (error) {
    return { maxMs: undefined, fault: `the load failed: ${String(error)}` }
  }
}

/** What the watch wrote, once it has looked beyond a time; less where it never did. */
async function notesUntil(stallFile: string, untilMs: number): Promise<readonly WatchNote[]> {
  for (;;) {
    const notes = readWatch(readFileSync(stallFile, 'utf8'))
    if (notes.some(({ what, atMs }) => what === 'awake' && atMs >= untilMs)) return notes
    if (Date.now() > untilMs + watchMsMax) return notes
    await pause(100)
  }
}
