import { figureText } from './studies/figure-table.ts'
import type { TargetPart, TargetRow } from './targets.ts'

/** The table of targets as a person reads it: a line a target, and below it why a part has no result or missed. Pure. */
export function targetTable(rows: readonly TargetRow[]): string {
  const width = Math.max(0, ...rows.map(({ target }) => target.length))
  return rows
    .flatMap(({ target, parts, met }) => {
      const head = `${met.padEnd(9)}  ${target.padEnd(width)}  ${parts.map((part) => partText(part, parts)).join('; ')}`
      return [head, ...parts.flatMap(notes)]
    })
    .join('\n')
}

function partText({ what, measured, wantedMax, unit }: TargetPart, parts: readonly TargetPart[]): string {
  const label = parts.length === 1 ? '' : `${what} `
  return `${label}${figureText({ value: measured, unit })} (<= ${Number(wantedMax)})`
}

function notes({ what, met, note }: TargetPart): readonly string[] {
  return met === 'met' || note === null ? [] : [`           ${what}: ${note}`]
}
