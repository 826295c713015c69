import type { CaseResult } from './report.ts'

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
