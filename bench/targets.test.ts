import { expect, it } from 'vitest'
import type { CaseResult } from './report.ts'
import type { Figure, StudyResult } from './studies/study.ts'
import { type TargetRow, targetCases, targetRows, targetStudies } from './targets.ts'

function caseResult(name: string, ratio: number | null, note: string | null = null): CaseResult {
  return { case: name, ratio, note } as Partial<CaseResult> as CaseResult
}

function study(name: string, values: Readonly<Record<string, number | null>>): StudyResult {
  const figures = Object.entries(values).map(
    ([figure, value]): Figure => ({
      name: figure,
      unit: 'us',
      value,
      range: null,
      note: value === null ? 'noise' : null,
    }),
  )
  return { study: name, figures, failures: [] }
}

function rowOf(rows: readonly TargetRow[], words: string): TargetRow {
  const row = rows.find(({ target }) => target.includes(words))
  if (row === undefined) throw new Error(`no row ${words}`)
  return row
}

it('there are twelve, and without a run none has a result', () => {
  const rows = targetRows([], [])
  expect(rows).toHaveLength(12)
  expect(rows.every(({ met }) => met === 'no result')).toBe(true)
  expect(rows.flatMap(({ parts }) => parts).every(({ note }) => note === 'not measured')).toBe(true)
})

it('a ratio at its bound is met, one above it missed, one that moved too much no result', () => {
  const rows = targetRows([caseResult('public', 1.5), caseResult('warm', 0.501)], [])
  expect(rowOf(rows, 'public route').met).toBe('met')
  expect(rowOf(rows, 'warm RS256 / HAProxy').met).toBe('missed')
  const [part] = rowOf(targetRows([caseResult('public', null, 'moved')], []), 'public route').parts
  expect(part).toMatchObject({ met: 'no result', measured: null, note: 'moved' })
})

it('a target of several parts is met by all of them', () => {
  const met = [study('two-workers', { 'CPU, two workers / one': 1.02, "busier worker's share": 0.55 })]
  const missed = [study('two-workers', { 'CPU, two workers / one': null, "busier worker's share": 0.61 })]
  const open = [study('two-workers', { 'CPU, two workers / one': null, "busier worker's share": 0.5 })]
  expect([met, missed, open].map((studies) => rowOf(targetRows([], studies), 'two workers').met)).toEqual([
    ...['met', 'missed', 'no result'],
  ])
})

it('a first verification is told in verifications of its algorithm', () => {
  const studies = [
    study('differences', { 'unique minus public, RS256': 30, 'unique minus public, ES256': 99 }),
    study('verify-cost', { 'RS256, distinct tokens': 25, 'ES256, distinct tokens': 75 }),
  ]
  const { parts } = rowOf(targetRows([], studies), 'crypto.verify')
  expect(parts.map(({ what, measured, met }) => [what, measured, met])).toEqual([
    ['RS256', 1.2, 'met'],
    ['ES256', 1.32, 'missed'],
    ['EdDSA', null, 'no result'],
  ])
})

it('the longest stall is the longest of all phases', () => {
  const phases = [
    'load alone',
    'reloads of one entry',
    'key rotation',
    'reloads of all entries and rotation',
    'scrapes of the metrics',
  ]
  const values = Object.fromEntries(phases.map((phase) => [`one API, ${phase}: longest stall`, 4]))
  const all = study('stalls', { ...values, 'one API, reloads of all entries: longest stall': 31 })
  const [small, large] = rowOf(targetRows([], [all]), 'stall').parts
  expect(small).toMatchObject({ measured: 31, met: 'missed' })
  expect(large?.met).toBe('no result')
})

it('a body is judged by what its bytes cost, never by what the whole request does', () => {
  const body = (perByteRatio: number | null, ratio: number): CaseResult => ({
    ...caseResult('body-1m-up', ratio, 'lost in noise'),
    perByteRatio,
  })
  const part = (result: CaseResult) => rowOf(targetRows([result], []), 'per byte').parts[2]
  expect(part(body(1.31, 1))).toMatchObject({ measured: 1.31, met: 'missed' })
  expect(part(body(1.3, 2))).toMatchObject({ measured: 1.3, met: 'met' })
  expect(part(body(null, 1))).toMatchObject({ measured: null, met: 'no result', note: 'lost in noise' })
  expect(part(caseResult('body-1m-up', 1, 'an older run'))).toMatchObject({ met: 'no result', note: 'an older run' })
})

it('a stall above the bound is missed, whatever is missing beside it', () => {
  const part = (ms: number) => {
    const some = study('stalls', { 'one API, load alone: longest stall': ms })
    return rowOf(targetRows([], [some]), 'stall').parts[0]
  }
  expect(part(21)).toMatchObject({ measured: 21, met: 'missed' })
  expect(part(4)).toMatchObject({ measured: null, met: 'no result' })
})

it('no re-verification is none at all', () => {
  const rows = (count: number) => rowOf(targetRows([], [study('jwks-refresh', { 're-verifications': count })]), 'JWKS')
  expect([rows(0).met, rows(1).met]).toEqual(['met', 'missed'])
})

it('what the table asks for is said', () => {
  expect(targetCases).toContain('tls-keepalive')
  expect(targetStudies).toContain('loads')
})
