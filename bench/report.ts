import type { Against, BenchCase } from './cases.ts'
import { compare } from './compare.ts'
import { latencyNotes, type SideLatencies } from './latency-notes.ts'
import type { Latency } from './load/latency.ts'
import type { Sample } from './measure.ts'
import { median } from './median.ts'
import type { Round } from './round.ts'
import { roundFaults } from './round-faults.ts'

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

/** What the paced runs of a case came to. */
export interface CaseLatency {
  readonly rps: number
  readonly sides: SideLatencies
}

/** Medians over the rounds that count. */
export function summarise(
  benchCase: BenchCase,
  rounds: readonly Round[],
  latency: CaseLatency | undefined,
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
  const notes = [
    ...(latency === undefined ? [] : latencyNotes(latency.sides)),
    ...(ratios.fault === undefined ? [] : [`no result: ${ratios.fault}`]),
    ...(byteRatios.fault === undefined ? [] : [`no result per byte: ${byteRatios.fault}`]),
  ]
  const said = [...new Set([...faults, ...notes])]
  const note = said.length > 0 ? said.join('; ') : null
  const latencyOf = (side: Sample['side']): Partial<Latency> => {
    const told = latency?.sides.get(side)
    return told === undefined || told instanceof Error ? {} : told
  }
  const [own, theirs] = [latencyOf('jotgate'), latencyOf('haproxy')]
  return {
    case: benchCase.name,
    rps: samples.length === 0 ? null : Math.round(median(samples.map((sample) => sample.rps))),
    p50Ms: own.p50Ms ?? null,
    p99Ms: own.p99Ms ?? null,
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
    p999Ms: own.p999Ms ?? null,
    haproxyP99Ms: theirs.p99Ms ?? null,
    haproxyP999Ms: theirs.p999Ms ?? null,
    rounds: good.length,
    loadIdleMin:
      good.length === 0 ? null : round2(Math.min(...good.flatMap((round) => round.samples.map((one) => one.loadIdle)))),
    cpuUsRange: samples.length === 0 ? null : rangeOf(samples.map((sample) => round1(sample.cpuUsPerRequest))),
    note,
  }
}

function cpu(round: Round, side: Sample['side']): number[] {
  return round.samples.filter((sample) => sample.side === side).map((sample) => sample.cpuUsPerRequest)
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
