import type { CaseResult } from './report.ts'
import type { Figure, StudyResult, Unit } from './studies/study.ts'

export type Verdict = 'met' | 'missed' | 'no result'

/** One figure of a target; some targets bound several. */
export interface TargetPart {
  readonly what: string
  /** In the figure's own unit. */
  readonly wantedMax: number
  readonly unit: Unit
  readonly measured: number | null
  readonly met: Verdict
  readonly note: string | null
}

export interface TargetRow {
  readonly target: string
  readonly parts: readonly TargetPart[]
  /** Met when all parts are, missed when one is. */
  readonly met: Verdict
}

type Measured = Pick<Figure, 'value' | 'note'>

/** What a run came to, as the table asks for it. */
interface Run {
  readonly ratio: (caseName: string) => Measured
  /** Of what a byte costs, not of the whole request: a body's own cost is small beside that of the request it comes with. */
  readonly perByteRatio: (caseName: string) => Measured
  readonly figure: (study: string, name: string) => Measured
}

interface Part {
  readonly what: string
  readonly wantedMax: number
  readonly unit: Unit
  readonly read: (run: Run) => Measured
}

function ratioOf(caseName: string, wantedMax: number, what = caseName): Part {
  return { what, wantedMax, unit: 'ratio', read: ({ ratio }) => ratio(caseName) }
}

function perByteRatioOf(caseName: string, wantedMax: number): Part {
  return { what: caseName, wantedMax, unit: 'ratio', read: ({ perByteRatio }) => perByteRatio(caseName) }
}

function figureOf(study: string, name: string, wantedMax: number, unit: Unit, what = name): Part {
  return { what, wantedMax, unit, read: ({ figure }) => figure(study, name) }
}

/** A token that is seen for the first time should cost little beyond its one verification. */
function verificationOf(algorithm: string): Part {
  return {
    what: algorithm,
    wantedMax: 1.25,
    unit: 'ratio',
    read: ({ figure }) =>
      quotient(
        figure('differences', `unique minus public, ${algorithm}`),
        figure('verify-cost', `${algorithm}, distinct tokens`),
      ),
  }
}

const latencyAbove = 'warm at 70 %: '
const stallMsMax = 20
const stallPhases = [
  'load alone',
  'reloads of one entry',
  'reloads of all entries',
  'key rotation',
  'reloads of all entries and rotation',
  'scrapes of the metrics',
]

/** What is aimed at, and where in a run it is read. */
const targets: readonly (readonly [target: string, parts: readonly Part[]])[] = [
  ['public route / HAProxy passing through', [ratioOf('public', 1.5)]],
  ['warm RS256 / HAProxy jwt_verify', [ratioOf('warm', 0.5)]],
  ['warm minus public', [figureOf('differences', 'warm minus public', 3, 'us')]],
  ['unique minus public / one crypto.verify', ['RS256', 'ES256', 'EdDSA'].map(verificationOf)],
  ['refused before crypto / public', [figureOf('differences', 'refused / public', 0.9, 'ratio')]],
  [
    'two workers / one',
    [
      figureOf('two-workers', 'CPU, two workers / one', 1.05, 'ratio', 'CPU'),
      figureOf('two-workers', "busier worker's share", 0.6, 'share'),
    ],
  ],
  [
    "latency above HAProxy's, warm RS256, at 70 % of its rate",
    [
      figureOf('loads', `${latencyAbove}p99 above HAProxy's`, 1, 'ms', 'p99'),
      figureOf('loads', `${latencyAbove}p99.9 above HAProxy's`, 5, 'ms', 'p99.9'),
    ],
  ],
  [
    'longest event-loop stall, reload and rotation included',
    ['one API', '2,000 APIs and issuers'].map((size) => ({
      what: size,
      wantedMax: stallMsMax,
      unit: 'ms',
      read: ({ figure }) =>
        worst(
          stallPhases.map((phase) => figure('stalls', `${size}, ${phase}: longest stall`)),
          stallMsMax,
        ),
    })),
  ],
  [
    'over TLS 1.3; HTTP/2',
    [ratioOf('tls-keepalive', 0.7, 'TLS / HAProxy'), ratioOf('http2', 1.5, 'HTTP/2 / HTTP/1.1')],
  ],
  [
    'bodies, per byte / HAProxy',
    ['body-16k-up', 'body-16k-down', 'body-1m-up', 'body-1m-down'].map((name) => perByteRatioOf(name, 1.3)),
  ],
  ['refresh of an unchanged JWKS', [figureOf('jwks-refresh', 're-verifications', 0, 'count')]],
  ['start to first 200', [figureOf('start-up', 'start to first 200', 1.5, 's')]],
]

/** What has to run before the table can be filled. */
export const targetCases: readonly string[] = [
  ...['public', 'warm', 'tls-keepalive', 'http2'],
  ...['body-16k-up', 'body-16k-down', 'body-1m-up', 'body-1m-down'],
]
export const targetStudies: readonly string[] = [
  ...['self-check', 'start-up', 'jwks-refresh', 'verify-cost', 'differences', 'loads', 'stalls', 'two-workers'],
]

/** The table of targets, filled from one run. Whatever was not measured, or does not count, is no result. Pure. */
export function targetRows(results: readonly CaseResult[], studies: readonly StudyResult[]): readonly TargetRow[] {
  const ofCase = (caseName: string, read: (result: CaseResult) => number | null | undefined): Measured => {
    const result = results.find((one) => one.case === caseName)
    return result === undefined ? unmeasured : { value: read(result) ?? null, note: result.note }
  }
  const run: Run = {
    ratio: (caseName) => ofCase(caseName, ({ ratio }) => ratio),
    perByteRatio: (caseName) => ofCase(caseName, ({ perByteRatio }) => perByteRatio),
    figure: (study, name) =>
      studies.find((one) => one.study === study)?.figures.find((one) => one.name === name) ?? unmeasured,
  }
  return targets.map(([target, parts]) => {
    const filled = parts.map((part) => fill(part, run))
    return { target, parts: filled, met: together(filled.map(({ met }) => met)) }
  })
}

const unmeasured: Measured = { value: null, note: 'not measured' }

function fill({ what, wantedMax, unit, read }: Part, run: Run): TargetPart {
  const { value, note } = read(run)
  const met = value === null ? 'no result' : value <= wantedMax ? 'met' : 'missed'
  return { what, wantedMax, unit, measured: value, met, note }
}

function together(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('missed')) return 'missed'
  return verdicts.includes('no result') ? 'no result' : 'met'
}

function quotient(one: Measured, other: Measured): Measured {
  if (one.value === null) return one
  if (other.value === null) return other
  return { value: Math.round((one.value / other.value) * 1000) / 1000, note: null }
}

/** The largest, with its own note; while one of them is missing no result, unless another is above the bound already. */
function worst(figures: readonly Measured[], wantedMax: number): Measured {
  const largest = figures.reduce((one, other) => ((other.value ?? 0) > (one.value ?? 0) ? other : one))
  const missing = figures.find(({ value }) => value === null)
  return missing === undefined || (largest.value ?? 0) > wantedMax ? largest : missing
}
