import type { Latency } from '../load/latency.ts'
import { mean } from '../mean.ts'
import { roundFaults } from '../round-faults.ts'
import type { TimedSample } from './measure-paced.ts'
import type { Figure } from './study.ts'
import { type FigureParts, toFigure } from './to-figure.ts'

type SideName = TimedSample['side']

/** One process of a side, under each load in turn, by the load's name. */
export interface LoadVisit {
  readonly side: SideName
  readonly samples: ReadonlyMap<string, TimedSample>
  readonly latencies: ReadonlyMap<string, Latency>
}

export interface LoadRound {
  readonly visits: readonly LoadVisit[]
  readonly referenceUs: readonly [number, number]
}

export interface LoadFacts {
  readonly caseName: string
  readonly load: string
  /** None at saturation, which has no latency. */
  readonly percentiles: readonly ('p99' | 'p99.9')[]
  readonly rounds: readonly LoadRound[]
  /** Why the rate of this load is not what it should be: then nothing counts. */
  readonly rateFault: string | undefined
}

const fieldOf = { p99: 'p99Ms', 'p99.9': 'p999Ms' } as const

/**
 * The figures of one load. A round counts for it when both sides' samples do, and for a percentile when the generator was not
 * late at it for either. Pure.
 */
export function loadFigures({ caseName, load, percentiles, rounds, rateFault }: LoadFacts): readonly Figure[] {
  const looked = rounds.map(({ visits, referenceUs }) => {
    const samples = visits.flatMap((one) => one.samples.get(load) ?? [])
    return { visits, faults: roundFaults({ samples, referenceUs }) }
  })
  const good = rateFault === undefined ? looked.filter(({ faults }) => faults.length === 0) : []
  const faults = [...(rateFault === undefined ? [] : [rateFault]), ...looked.flatMap((round) => round.faults)]
  const about = `${caseName} at ${load}`
  const figure = (name: string, parts: Omit<FigureParts, 'name'>): Figure =>
    toFigure({ faults, ...parts, name: `${about}: ${name}` })

  const pairs = good.map(({ visits }) => {
    const cpu = (side: SideName): number => meanOf(visits, side, (one) => one.samples.get(load)?.cpuUsPerRequest)
    return [cpu('jotgate'), cpu('haproxy')] as const
  })
  const ratios = pairs.map(([ours, theirs]) => ours / theirs)
  return [
    figure('CPU', { unit: 'us', values: pairs.map(([ours]) => ours) }),
    figure("HAProxy's CPU", { unit: 'us', values: pairs.map(([, theirs]) => theirs) }),
    figure("CPU / HAProxy's", { unit: 'ratio', values: ratios, steadiness: 'ratio' }),
    ...percentiles.flatMap((percentile) => {
      const all = good.map(({ visits }) => {
        const ms = (side: SideName): number =>
          meanOf(visits, side, (one) => one.latencies.get(load)?.[fieldOf[percentile]])
        return [ms('jotgate'), ms('haproxy')] as const
      })
      const told = all.filter(([ours, theirs]) => !Number.isNaN(ours) && !Number.isNaN(theirs))
      const late = told.length === all.length ? [] : [`the load generator was late at ${percentile}`]
      const parts = { unit: 'ms', faults: [...faults, ...late] } as const
      return [
        figure(percentile, { ...parts, values: told.map(([ours]) => ours) }),
        figure(`${percentile} of HAProxy`, { ...parts, values: told.map(([, theirs]) => theirs) }),
        figure(`${percentile} above HAProxy's`, { ...parts, values: told.map(([ours, theirs]) => ours - theirs) }),
      ]
    }),
  ]
}

/** Of a side's visits in a round; not a number when one of them has none. */
function meanOf(visits: readonly LoadVisit[], side: SideName, read: (visit: LoadVisit) => number | undefined): number {
  return mean(visits.filter((one) => one.side === side).map((one) => read(one) ?? Number.NaN))
}
