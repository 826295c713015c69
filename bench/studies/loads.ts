import { caseNamed } from '../case-named.ts'
import type { BenchCase } from '../cases.ts'
import type { Latency } from '../load/latency.ts'
import { type MeasureOptions, measure, type Sample } from '../measure.ts'
import { referenceUs } from '../reference-us.ts'
import { startHaproxy } from '../sides/haproxy.ts'
import { startJotgate } from '../sides/jotgate.ts'
import { startUpstream } from '../sides/nginx.ts'
import type { RunningSide } from '../sides/side.ts'
import { tokenPool } from '../tokens.ts'
import { type LoadRound, type LoadVisit, loadFigures } from './load-figures.ts'
import { measurePaced, type TimedSample } from './measure-paced.ts'
import { standardLoad } from './standard-load.ts'
import type { Figure, Study, StudyContext } from './study.ts'
import { toFigure } from './to-figure.ts'

/** Of what HAProxy does in the same case at saturation. */
const loadShares = [0.2, 0.7] as const
const saturation = 'saturation'
const sides = ['jotgate', 'haproxy'] as const

/** HAProxy's rate is what the fixed rates are made of, so it is read again until a run of it counts. */
const rateTries = 3

type SideName = (typeof sides)[number]

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
    const load = standardLoad(context, benchCase, file, upstream)
    const full = await readFullRate(context, benchCase, () => withSide(start, 'haproxy', (side) => measure(side, load)))
    const rounds: LoadRound[] = []
    for (let round = 0; round < context.rounds; round++) {
      const before = await referenceUs(cpu)
      const visits: LoadVisit[] = []
      for (const name of [...sides, ...sides.toReversed()]) {
        visits.push(await withSide(start, name, (side) => visit(context, side, load, full)))
      }
      rounds.push({ visits, referenceUs: [before, await referenceUs(cpu)] })
    }
    const about = { caseName: benchCase.name, rounds } as const
    const paced = loadShares.map((share) => ({ ...about, load: loadName(share), rateFault: full.fault }))
    return [
      toFigure({
        ...{ name: `${benchCase.name}: HAProxy's saturated rate`, unit: 'rps' },
        ...{ values: full.fault === undefined ? [full.rps] : [], faults: full.fault === undefined ? [] : [full.fault] },
      }),
      ...paced.flatMap((one) => loadFigures({ ...one, percentiles: ['p99', 'p99.9'] })),
      ...loadFigures({ ...about, load: saturation, percentiles: [], rateFault: undefined }),
    ]
  } finally {
    await upstream.stop()
  }
}

interface FullRate {
  readonly rps: number
  /** Why none of the runs counts. */
  readonly fault: string | undefined
}

async function readFullRate(context: StudyContext, { name }: BenchCase, run: () => Promise<Sample>): Promise<FullRate> {
  for (let tries = 1; ; tries++) {
    const { rps, fault } = await run()
    context.say(`  ${name}: HAProxy does ${Math.round(rps)} requests a second ${fault ?? ''}`)
    if (fault === undefined) return { rps, fault }
    if (tries === rateTries) return { rps, fault: `HAProxy's saturated rate does not count: ${fault}` }
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

/** Saturation first: it is the warm-up of the others, which there are none of without a rate. */
async function visit(
  context: StudyContext,
  side: RunningSide,
  load: MeasureOptions,
  full: FullRate,
): Promise<LoadVisit> {
  const { seconds, gatewayCpu, loadCpu } = context
  const { benchCase, tokenFile } = load
  const { expectedStatus } = benchCase
  const samples = new Map<string, TimedSample>()
  const latencies = new Map<string, Latency>()
  const saturated = await measure(side, load)
  samples.set(saturation, saturated)
  for (const share of full.fault === undefined ? loadShares : []) {
    const rps = full.rps * share
    const paced = await measurePaced(side, { rps, seconds, tokenFile, expectedStatus, gatewayCpu, loadCpu })
    const tooMuch = rps > saturated.rps ? `${Math.round(rps)} requests a second are more than it can do` : undefined
    samples.set(loadName(share), { ...paced.sample, fault: paced.sample.fault ?? tooMuch })
    if (paced.latency !== undefined) latencies.set(loadName(share), paced.latency)
  }
  for (const [load, { cpuUsPerRequest, fault = '' }] of samples) {
    const told = latencies.get(load)
    const lag =
      told === undefined ? '' : `generator late by ${told.lagP99Ms.toFixed(2)} and ${told.lagP999Ms.toFixed(2)} ms`
    const about = `  ${benchCase.name} ${side.name.padEnd(8)} ${load.padEnd(10)}`
    context.say(`${about} ${cpuUsPerRequest.toFixed(1)} us ${lag} ${fault}`)
  }
  return { side: side.name, samples, latencies }
}

function loadName(share: number): string {
  return `${share * 100} %`
}
