import { caseNamed } from '../case-named.ts'
import { runPinned } from '../run-pinned.ts'
import { tokenPool } from '../tokens.ts'
import { figureText } from './figure-table.ts'
import type { Figure, Study } from './study.ts'
import { toFigure } from './to-figure.ts'

/** What `children/paced-verify` tells of one run. */
export interface PacedVerify {
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly stallMs: number
  /** Verifications a second that were done: fewer than asked for means that the way cannot keep the rate. */
  readonly rps: number
}

const rps = 6_000
const keptShareMin = 0.99
const script = new URL('./children/paced-verify.ts', import.meta.url)
/** Due one by one, and as sockets may deliver them after a pause: many at once. */
const burstSizes = [1, 120] as const
/** `threads`: of libuv's pool; undefined: on the event loop. */
const ways = [
  { name: 'on the loop', threads: undefined },
  { name: 'pool of 1', threads: 1 },
  { name: 'pool of 4', threads: 4 },
] as const

/** RS256 checked on the event loop and on libuv's pool, at a rate that leaves either room, on one core and on two. */
export const pool: Study = {
  name: 'pool',
  about: `crypto.verify of RS256 on the loop and on libuv's pool, ${rps} a second`,
  run: async ({ node, gatewayCpu, loadCpu, rounds, seconds, say }) => {
    const tokens = tokenPool(caseNamed('warm').kind)
    const figures: Figure[] = []
    for (const cpus of [[gatewayCpu], [gatewayCpu, loadCpu]]) {
      for (const burst of burstSizes) {
        for (const way of ways) {
          const words = [tokens.file, tokens.keyFile, rps, seconds, burst, way.threads === undefined ? 'loop' : 'pool']
          const env = way.threads === undefined ? {} : { UV_THREADPOOL_SIZE: String(way.threads) }
          const runs: PacedVerify[] = []
          for (let round = 0; round < rounds; round++) {
            runs.push(await runPinned({ node, cpus, script, words: words.map(String), env }))
          }
          const cores = cpus.length === 1 ? 'one core' : 'two cores'
          const about = `${cores}, ${burst === 1 ? 'evenly' : `${burst} at once`}, ${way.name}`
          const told = tell(about, runs)
          figures.push(...told)
          say(`  ${about}: ${told.map(figureText).join(', ')} ${told[0]?.note ?? ''}`)
        }
      }
    }
    return { figures, failures: [] }
  },
}

function tell(about: string, runs: readonly PacedVerify[]): readonly Figure[] {
  // A way that cannot keep the rate has a queue that grows as long as it runs: no figure of its own.
  const isKept = (run: PacedVerify): boolean => run.rps >= rps * keptShareMin
  const faults = runs.filter((run) => !isKept(run)).map((run) => `only ${Math.round(run.rps)} of ${rps} a second done`)
  const kept = runs.filter(isKept)
  const rows = [
    ['CPU of a verification', 'us', (run: PacedVerify) => run.cpuUs],
    ['p50 of completion', 'ms', (run: PacedVerify) => run.p50Ms],
    ['p99 of completion', 'ms', (run: PacedVerify) => run.p99Ms],
    ['longest stall of the loop', 'ms', (run: PacedVerify) => run.stallMs],
  ] as const
  return rows.map(([name, unit, read]) => toFigure({ name: `${about}: ${name}`, unit, values: kept.map(read), faults }))
}
