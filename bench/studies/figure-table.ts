import type { Figure, StudyResult, Unit } from './study.ts'

/** How each unit is written, and to how many digits after the point. */
const units: Readonly<Record<Unit, readonly [word: string, digits: number]>> = {
  us: ['us', 1],
  ms: ['ms', 2],
  s: ['s', 2],
  ratio: ['', 3],
  share: ['', 3],
  rps: ['rps', 0],
  count: ['', 0],
}

/** One study as a person reads it: a line a figure, with its range, and what is to be said of it. Pure. */
export function figureTable({ study, figures, failures }: StudyResult): string {
  const width = Math.max(0, ...figures.map(({ name }) => name.length))
  const lines = figures.map((figure) => {
    const note = figure.note === null ? '' : `  ${figure.note}`
    return `  ${figure.name.padEnd(width)}  ${figureText(figure).padStart(12)}${rangeText(figure)}${note}`
  })
  return [study, ...lines, ...failures.map((failure) => `  FAILED: ${failure}`)].join('\n')
}

/** The value with its unit, or a dash. */
export function figureText({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const [word, digits] = units[unit]
  return value === null ? '-' : `${value.toFixed(digits)} ${word}`.trim()
}

function rangeText({ range, unit }: Figure): string {
  const [, digits] = units[unit]
  return range === null ? '' : `  (${range[0].toFixed(digits)} to ${range[1].toFixed(digits)})`
}
