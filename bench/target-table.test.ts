import { expect, it } from 'vitest'
import { targetTable } from './target-table.ts'
import type { TargetRow } from './targets.ts'

const rows: readonly TargetRow[] = [
  {
    target: 'start',
    met: 'met',
    parts: [{ what: 'start', wantedMax: 1.5, unit: 's', measured: 0.8, met: 'met', note: 'v24' }],
  },
  {
    target: 'latency',
    met: 'no result',
    parts: [
      { what: 'p99', wantedMax: 1, unit: 'ms', measured: 0.25, met: 'met', note: null },
      { what: 'p99.9', wantedMax: 5, unit: 'ms', measured: null, met: 'no result', note: 'late' },
    ],
  },
]

it('a line a target, and why there is no result', () => {
  expect(targetTable(rows).split('\n')).toEqual([
    'met        start    0.80 s (<= 1.5)',
    'no result  latency  p99 0.25 ms (<= 1); p99.9 - (<= 5)',
    '           p99.9: late',
  ])
})
