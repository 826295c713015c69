import type { Against, BenchCase } from './cases.ts'
import type { Latency } from './load/latency.ts'
import { mean } from './mean.ts'
import type { Sample } from './measure.ts'
import { median } from './median.ts'

/** One line of the published result. Absent figures were not measured or do not count; `note` says why. */
export interface CaseResult {
  readonly case: string
  readonly rps: number | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly cpuUsPerRequest: number | null
  readonly haproxyCpuUsPerRequest: number | null
  /** What `ratio` is to, and its figure: HAProxy's, or Jotgate's own in the other case. */
  readonly against: Against
  readonly againstCpuUsPerRequest: number | null
  readonly nginxCpuUsPerRequest: number | null
  /** What each byte of a body costs beyond the same request without one, in nanoseconds; and the ratio of that. */
  readonly nsPerByte: number | null
  readonly againstNsPerByte: number | null
  readonly perByteRatio: number | null
  readonly perByteRatioRange: readonly [number, number] | null
  /** Most connections to the upstream that one process opened, from its start on. */
  readonly upstreamConnections: number | null
  readonly againstUpstreamConnections: number | null
  readonly ratio: number | null
  readonly ratioRange: readonly [number, number] | null
  readonly residentMiB: number | null
  readonly latencyRps: number | null
  readonly p999Ms: number | null
  readonly haproxyP99Ms: number | null
  readonly haproxyP999Ms: number | null
  /** Rounds that counted. */
  readonly rounds: number
  /** The least share of its core the load left unused in one of them. */
  readonly loadIdleMin: number | null
  readonly cpuUsRange: readonly [number, number] | null
  readonly note: string | null
}

const lateGenerator = 'no latency: the load generator did not keep up with the rate'
/** A ratio whose range over the rounds is wider than this share of its median is no result. */
const ratioRangeMax = 0.1

export interface Round {
  /** A B B A: two samples of each side. */
  readonly samples: readonly Sample[]
  /** The yardstick before and after, in microseconds. */
  readonly referenceUs: readonly [number, number]
}

/** Medians over the rounds that count. */
export function summarise(
  benchCase: BenchCase,
  rounds: readonly Round[],
  latency:
    | { readonly rps: number; readonly jotgate: Latency | undefined; readonly haproxy: Latency | undefined }
    | undefined,
): CaseResult {
  const faults = rounds.flatMap(roundFaults)
  const good = rounds.filter((round) => roundFaults(round).length === 0)
  const other = benchCase.against === 'haproxy' || benchCase.against === 'nothing' ? 'haproxy' : 'own'
  const ratios = compare(good, other, cpu)
  const byteRatios = compare(good, other, (round, side) => nsPerByte(round, side, benchCase))
  const samples = good.flatMap((round) => round.samples.filter((sample) => sample.side === 'jotgate'))
  const figure = (side: Sample['side']): number | null =>
    medianOf(
      good.flatMap((round) => cpu(round, side)),
      round1,
    )
  const perByte = (side: Sample['side']): number | null =>
    medianOf(
      good.flatMap((round) => nsPerByte(round, side, benchCase)),
      round3,
    )
  const late = latency !== undefined && latency.jotgate === undefined ? [lateGenerator] : []
  const moved = [
    ...(ratios.isUnsteady ? ['no result: the ratio moved by more than 10 % between rounds'] : []),
    ...(byteRatios.isUnsteady ? ['no result per byte: its ratio moved by more than 10 % between rounds'] : []),
  ]
  const said = [...new Set([...faults, ...late, ...moved])]
  const note = said.length > 0 ? said.join('; ') : null
  return {
    case: benchCase.name,
    rps: samples.length === 0 ? null : Math.round(median(samples.map((sample) => sample.rps))),
    p50Ms: latency?.jotgate?.p50Ms ?? null,
    p99Ms: latency?.jotgate?.p99Ms ?? null,
    cpuUsPerRequest: figure('jotgate'),
    haproxyCpuUsPerRequest: figure('haproxy'),
    against: benchCase.against,
    againstCpuUsPerRequest: figure(other),
    nginxCpuUsPerRequest: figure('nginx'),
    nsPerByte: perByte('jotgate'),
    againstNsPerByte: perByte(other),
    perByteRatio: byteRatios.ratio,
    perByteRatioRange: byteRatios.range,
    upstreamConnections: connections(good, 'jotgate'),
    againstUpstreamConnections: connections(good, other),
    ratio: ratios.ratio,
    ratioRange: ratios.range,
    residentMiB: samples.length === 0 ? null : Math.round(Math.max(...samples.map((sample) => sample.residentMiB))),
    latencyRps: latency === undefined ? null : Math.round(latency.rps),
    p999Ms: latency?.jotgate?.p999Ms ?? null,
    haproxyP99Ms: latency?.haproxy?.p99Ms ?? null,
    haproxyP999Ms: latency?.haproxy?.p999Ms ?? null,
    rounds: good.length,
    loadIdleMin:
      good.length === 0 ? null : round2(Math.min(...good.flatMap((round) => round.samples.map((one) => one.loadIdle)))),
    cpuUsRange: samples.length === 0 ? null : rangeOf(samples.map((sample) => round1(sample.cpuUsPerRequest))),
    note,
  }
}

/** Why a round does not count; none when it does. Pure. */
export function roundFaults(round: {
  readonly samples: readonly Pick<Sample, 'side' | 'fault'>[]
  readonly referenceUs: Round['referenceUs']
}): string[] {
  const [before, after] = round.referenceUs
  const moved = Math.abs(after - before) / before > 0.1
  const faults = round.samples.flatMap((sample) =>
    sample.fault === undefined ? [] : [`${sample.side}: ${sample.fault}`],
  )
  return moved
    ? [...faults, `the machine's speed moved by more than 10 % (${before.toFixed(1)} -> ${after.toFixed(1)} us)`]
    : faults
}

function cpu(round: Round, side: Sample['side']): number[] {
  return round.samples.filter((sample) => sample.side === side).map((sample) => sample.cpuUsPerRequest)
}

type Figures = (round: Round, side: Sample['side']) => readonly number[]

interface Ratio {
  /** The median over the rounds; null where there is none, or where it is no result. */
  readonly ratio: number | null
  readonly range: readonly [number, number] | null
  readonly isUnsteady: boolean
}

/** Jotgate's figure to the other side's, of each round that has both. */
function compare(rounds: readonly Round[], other: Sample['side'], figures: Figures): Ratio {
  const ratios = rounds.flatMap((round) => {
    const [ours, theirs] = [figures(round, 'jotgate'), figures(round, other)]
    return ours.length === 0 || theirs.length === 0 ? [] : [mean(ours) / mean(theirs)]
  })
  if (ratios.length === 0) return { ratio: null, range: null, isUnsteady: false }
  const [least, most] = rangeOf(ratios)
  const middle = median(ratios)
  const isUnsteady = (most - least) / middle > ratioRangeMax
  return { ratio: isUnsteady ? null : round3(middle), range: [round3(least), round3(most)], isUnsteady }
}

function nsPerByte(round: Round, side: Sample['side'], { body }: BenchCase): number[] {
  const bytes = body.upBytes + body.downBytes
  return round.samples.flatMap((sample) =>
    sample.side === side && sample.emptyCpuUsPerRequest !== undefined
      ? [((sample.cpuUsPerRequest - sample.emptyCpuUsPerRequest) * 1000) / bytes]
      : [],
  )
}

function connections(rounds: readonly Round[], side: Sample['side']): number | null {
  const counts = rounds.flatMap(({ samples }) => samples.filter((one) => one.side === side))
  return counts.length === 0 ? null : Math.max(...counts.map((one) => one.upstreamConnections))
}

function medianOf(values: readonly number[], round: (value: number) => number): number | null {
  return values.length === 0 ? null : round(median(values))
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)]
}

function round3(value: number): number {
  return Number(value.toFixed(3))
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}

function round1(value: number): number {
  return Math.round(value * 10) / 10
}

const columns: readonly [string, (result: CaseResult) => string][] = [
  ['case', (result) => result.case],
  ['rps', (result) => text(result.rps)],
  ['p50 ms', (result) => text(result.p50Ms)],
  ['p99 ms', (result) => text(result.p99Ms)],
  ['p99.9 ms', (result) => text(result.p999Ms)],
  ['HAProxy p99', (result) => text(result.haproxyP99Ms)],
  ['at rps', (result) => text(result.latencyRps)],
  ['CPU us', (result) => text(result.cpuUsPerRequest)],
  ['HAProxy us', (result) => text(result.haproxyCpuUsPerRequest)],
  ['nginx us', (result) => text(result.nginxCpuUsPerRequest)],
  ['against', (result) => result.against],
  ['us', (result) => text(result.againstCpuUsPerRequest)],
  ['ratio', (result) => text(result.ratio)],
  ['range', (result) => (result.ratioRange === null ? '-' : result.ratioRange.join('-'))],
  ['ns/byte', (result) => text(result.nsPerByte)],
  ['against', (result) => text(result.againstNsPerByte)],
  ['ratio', (result) => text(result.perByteRatio)],
  ['to upstream', (result) => text(result.upstreamConnections)],
  ['against', (result) => text(result.againstUpstreamConnections)],
  ['MiB', (result) => text(result.residentMiB)],
]

/** The table a person reads. */
export function toTable(results: readonly CaseResult[]): string {
  const rows = [columns.map(([title]) => title), ...results.map((result) => columns.map(([, cell]) => cell(result)))]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)))
  const lines = rows.map((row) => row.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  '))
  const notes = results.flatMap((result) => (result.note === null ? [] : [`${result.case}: ${result.note}`]))
  return [...lines, ...notes].join('\n')
}

function text(value: number | null): string {
  return value === null ? '-' : String(Math.round(value * 1000) / 1000)
}
