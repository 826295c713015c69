import { statSync } from 'node:fs'
import { logLines } from '../log-lines.ts'
import { generationsInForce } from './generations-in-force.ts'
import type { Act } from './meanwhile.ts'
import type { Phase } from './phases.ts'
import { readGauge } from './read-gauge.ts'
import type { StallsRun } from './stalls-run.ts'

/** Something a phase does to the gateway, and how to find out that it came about. */
export interface Disturbance extends Act {
  /** Of those asked for, the share that must have come about. */
  readonly shareMin: number
  /** How many of them did between two times, in ms since 1970. */
  readonly done: (fromMs: number, untilMs: number) => number | Promise<number>
}

const reloadEveryMs = 2_000
const rotateEveryMs = 1_000
const scrapeEveryMs = 2_000

/**
 * What a phase that is about to begin does meanwhile; `generation` is the one in force, and `gauges` takes what scrapes
 * tell of the event loop, as it tells that once.
 */
export function disturbances(
  { gateway, reload, rotate, fetched }: StallsRun,
  { reloads, rotates, scrapes }: Phase,
  { generation, gauges }: { readonly generation: number; readonly gauges: number[] },
): readonly Disturbance[] {
  const fromByte = statSync(gateway.logFile).size
  const fetchedBefore = fetched()
  const reloading = (changed: 'one' | 'all'): Disturbance => ({
    ...{ what: 'a reload', everyMs: reloadEveryMs, shareMin: 1, act: () => reload(changed) },
    done: (fromMs, untilMs) =>
      generationsInForce(logLines(gateway.logFile, fromByte), { above: generation, fromMs, untilMs }),
  })
  const rotating: Disturbance = {
    // A set is fetched when the time of the one before it is over, which may be after two rotations.
    ...{ what: 'a rotation', everyMs: rotateEveryMs, shareMin: 0.5, act: rotate },
    done: () => fetched() - fetchedBefore,
  }
  const scraping: Disturbance = {
    ...{ what: 'a scrape', everyMs: scrapeEveryMs, shareMin: 1 },
    act: async () => void gauges.push(await readGauge(gateway)),
    done: () => gauges.length,
  }
  return [
    ...(reloads === 'none' ? [] : [reloading(reloads)]),
    ...(rotates ? [rotating] : []),
    ...(scrapes ? [scraping] : []),
  ]
}
