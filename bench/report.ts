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
  name: string,
  rounds: readonly Round[],
  latency:
    | { readonly rps: number; readonly jotgate: Latency | undefined; readonly haproxy: Latency | undefined }
    | undefined,
): CaseResult {
  const faults = rounds.flatMap(roundFaults)
  const good = rounds.filter((round) => roundFaults(round).length === 0)
  const compared = good.filter((round) => cpu(round, 'haproxy').length > 0)
  const ratios = compared.map((round) => mean(cpu(round, 'jotgate')) / mean(cpu(round, 'haproxy')))
  const ratio = ratios.length === 0 ? null : median(ratios)
  const range = ratios.length === 0 ? null : ([Math.min(...ratios), Math.max(...ratios)] as const)
  const steady = ratio !== null && range !== null && (range[1] - range[0]) / ratio <= ratioRangeMax
  const samples = good.flatMap((round) => round.samples.filter((sample) => sample.side === 'jotgate'))
  const late = latency !== undefined && latency.jotgate === undefined ? [lateGenerator] : []
  const said = [...new Set([...faults, ...late])]
  const note = said.length > 0 ? said.join('; ') : null
  return {
    case: name,
    rps: samples.length === 0 ? null : Math.round(median(samples.map((sample) => sample.rps))),
    p50Ms: latency?.jotgate?.p50Ms ?? null,
    p99Ms: latency?.jotgate?.p99Ms ?? null,
    cpuUsPerRequest: samples.length === 0 ? null : round1(median(good.flatMap((round) => cpu(round, 'jotgate')))),
    haproxyCpuUsPerRequest:
      compared.length === 0 ? null : round1(median(compared.flatMap((round) => cpu(round, 'haproxy')))),
    ratio: steady && ratio !== null ? Number(ratio.toFixed(3)) : null,
    ratioRange: range === null ? null : [Number(range[0].toFixed(3)), Number(range[1].toFixed(3))],
    residentMiB: samples.length === 0 ? null : Math.round(Math.max(...samples.map((sample) => sample.residentMiB))),
    latencyRps: latency === undefined ? null : Math.round(latency.rps),
    p999Ms: latency?.jotgate?.p999Ms ?? null,
    haproxyP99Ms: latency?.haproxy?.p99Ms ?? null,
    haproxyP999Ms: latency?.haproxy?.p999Ms ?? null,
    rounds: good.length,
    loadIdleMin:
      good.length === 0 ? null : round2(Math.min(...good.flatMap((round) => round.samples.map((one) => one.loadIdle)))),
    cpuUsRange: samples.length === 0 ? null : rangeOf(samples.map((sample) => round1(sample.cpuUsPerRequest))),
    note:
      steady || ratio === null
        ? note
        : [note, 'no result: the ratio moved by more than 10 % between rounds'].filter(Boolean).join('; '),
  }
}

/** Why a round does not count; none when it does. Pure. */
export function roundFaults(round: Round): string[] {
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

function rangeOf(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)]
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
  ['ratio', (result) => text(result.ratio)],
  ['range', (result) => (result.ratioRange === null ? '-' : result.ratioRange.join('-'))],
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
