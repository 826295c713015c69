import { caseNamed } from '../case-named.ts'
import type { BenchCase } from '../cases.ts'
import type { Latency } from '../load/latency.ts'
import { mean } from '../mean.ts'
import { type MeasureOptions, measure, referenceUs } from '../measure.ts'
import { roundFaults } from '../report.ts'
import { startHaproxy } from '../sides/haproxy.ts'
import { startJotgate } from '../sides/jotgate.ts'
import { startUpstream } from '../sides/nginx.ts'
import type { RunningSide } from '../sides/side.ts'
import { tokenPool } from '../tokens.ts'
import { measurePaced, type TimedSample } from './measure-paced.ts'
import { standardLoad } from './standard-load.ts'
import type { Figure, Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'

/** Of what HAProxy does in the same case at saturation. */
const loadShares = [0.2, 0.7] as const
const saturation = 'saturation'
const sides = ['jotgate', 'haproxy'] as const

type SideName = RunningSide['name']
type LoadName = string

interface Visit {
  readonly side: SideName
  readonly samples: ReadonlyMap<LoadName, TimedSample>
  readonly latencies: ReadonlyMap<LoadName, Latency>
}

interface Round {
  readonly visits: readonly Visit[]
  readonly referenceUs: readonly [number, number]
}

type StartSide = (name: SideName) => Promise<RunningSide>

/** CPU per request of both sides at 20 %, at 70 % and at saturation, and latency at the two fixed rates. */
export const loads: Study = {
  name: 'loads',
  about: "CPU per request and latency at 20 % and 70 % of HAProxy's saturated rate, and CPU at saturation",
  run: async (context) => {
    const figures: Figure[] = []
    for (const name of ['warm', 'public']) figures.push(...(await runCase(context, caseNamed(name))))
    return { figures, failures: [] }
  },
}

async function runCase(context: StudyContext, benchCase: BenchCase): Promise<readonly Figure[]> {
  const { folder, node, gatewayCpu: cpu, loadCpu } = context
  const { file, keyFile, keyFiles } = tokenPool(benchCase.kind)
  const upstream = await startUpstream(folder, loadCpu)
  const options = { benchCase, cpu, upstreamPort: upstream.port, keyFile, keyFiles, folder }
  const start: StartSide = (name) => (name === 'jotgate' ? startJotgate({ ...options, node }) : startHaproxy(options))
  try {
    const { rps } = await withSide(start, 'haproxy', (side) =>
      measure(side, standardLoad(context, benchCase, file, upstream)),
    )
    context.say(`  ${benchCase.name}: HAProxy does ${Math.round(rps)} requests a second`)
    const rounds: Round[] = []
    for (let round = 0; round < context.rounds; round++) {
      const before = await referenceUs(cpu)
      const visits: Visit[] = []
      for (const name of [...sides, ...sides.toReversed()]) {
        visits.push(
          await withSide(start, name, (side) =>
            visit(context, side, standardLoad(context, benchCase, file, upstream), rps),
          ),
        )
      }
      rounds.push({ visits, referenceUs: [before, await referenceUs(cpu)] })
    }
    const full = toFigure({ name: `${benchCase.name}: HAProxy's saturated rate`, unit: 'rps', values: [rps] })
    return [full, ...[...loadShares.map(loadName), saturation].flatMap((load) => tell(benchCase.name, load, rounds))]
  } finally {
    await upstream.stop()
  }
}

async function withSide<T>(start: StartSide, name: SideName, use: (side: RunningSide) => Promise<T>): Promise<T> {
  const side = await start(name)
  try {
    return await use(side)
  } finally {
    await side.stop()
  }
}

/** Saturation first: it is the warm-up of the others. */
async function visit(context: StudyContext, side: RunningSide, load: MeasureOptions, fullRps: number): Promise<Visit> {
  const { seconds, gatewayCpu, loadCpu } = context
  const { benchCase, tokenFile } = load
  const samples = new Map<LoadName, TimedSample>()
  const latencies = new Map<LoadName, Latency>()
  const saturated = await measure(side, load)
  samples.set(saturation, saturated)
  for (const share of loadShares) {
    const rps = fullRps * share
    const paced = await measurePaced(side, { rps, seconds, tokenFile, gatewayCpu, loadCpu })
    const tooMuch = rps > saturated.rps ? `${Math.round(rps)} requests a second are more than it can do` : undefined
    samples.set(loadName(share), { ...paced.sample, fault: paced.sample.fault ?? tooMuch })
    if (paced.latency !== undefined) latencies.set(loadName(share), paced.latency)
  }
  for (const [load, { cpuUsPerRequest, fault = '' }] of samples) {
    context.say(
      `  ${benchCase.name} ${side.name.padEnd(8)} ${load.padEnd(10)} ${cpuUsPerRequest.toFixed(1)} us ${fault}`,
    )
  }
  return { side: side.name, samples, latencies }
}

function loadName(share: number): LoadName {
  return `${share * 100} %`
}

/** The figures of one load. A round counts for it when both sides' samples do. */
function tell(caseName: string, load: LoadName, rounds: readonly Round[]): readonly Figure[] {
  const looked = rounds.map(({ visits, referenceUs: reference }) => {
    const samples = visits.flatMap((one) => one.samples.get(load) ?? [])
    return { visits, faults: roundFaults({ samples, referenceUs: reference }) }
  })
  const good = looked.filter(({ faults }) => faults.length === 0).map(({ visits }) => visits)
  const faults = looked.flatMap((round) => round.faults)
  const both = (visits: readonly Visit[], side: SideName, read: (visit: Visit) => number | undefined): number =>
    mean(visits.filter((one) => one.side === side).map((one) => read(one) ?? Number.NaN))
  const cpu = (side: SideName): number[] =>
    good.map((visits) => both(visits, side, (one) => one.samples.get(load)?.cpuUsPerRequest))
  const late = (side: SideName, which: 'p99Ms' | 'p999Ms'): number[] =>
    good.map((visits) => both(visits, side, (one) => one.latencies.get(load)?.[which]))
  const less = (one: readonly number[], other: readonly number[]): number[] =>
    one.map((value, index) => value - (other[index] ?? Number.NaN))

  const about = `${caseName} at ${load}`
  const [own, theirs] = [cpu('jotgate'), cpu('haproxy')]
  const ratios = own.map((value, index) => value / (theirs[index] ?? Number.NaN))
  const figures = [
    toFigure({ name: `${about}: CPU`, unit: 'us', values: own, faults }),
    toFigure({ name: `${about}: HAProxy's CPU`, unit: 'us', values: theirs, faults }),
    toFigure({ name: `${about}: CPU / HAProxy's`, unit: 'ratio', values: ratios, steadiness: 'ratio', faults }),
  ]
  if (load === saturation) return figures
  const latencies = (['p99Ms', 'p999Ms'] as const).flatMap((which) => {
    const title = `${about}: ${which === 'p99Ms' ? 'p99' : 'p99.9'}`
    const [ownMs, theirMs] = [late('jotgate', which), late('haproxy', which)]
    return [
      toFigure({ name: title, unit: 'ms', values: ownMs, faults }),
      toFigure({ name: `${title} of HAProxy`, unit: 'ms', values: theirMs, faults }),
      toFigure({ name: `${title} above HAProxy's`, unit: 'ms', values: less(ownMs, theirMs), faults }),
    ]
  })
  return [...figures, ...latencies]
}
