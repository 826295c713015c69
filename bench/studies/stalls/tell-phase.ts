import type { Figure } from '../study.ts'
import { toFigure } from '../to-figure.ts'
import type { PhaseResult } from './run-phase.ts'

/** The figures of one phase; none has a result when the phase has a fault, and the note then says what was seen. Pure. */
export function tellPhase(about: string, result: PhaseResult): readonly Figure[] {
  const { longest, gaugeMs, latencyMs, faults } = result
  const figure = (name: string, ms: number | undefined): Figure => {
    const values = faults.length > 0 || ms === undefined ? [] : [ms]
    return toFigure({ name: `${about}: ${name}`, unit: 'ms', values, faults })
  }
  const stall = figure('longest stall', longest.ms)
  return [
    { ...stall, note: [...(stall.note === null ? [] : [stall.note]), ...seen(result)].join('; ') },
    figure("the gateway's own gauge", gaugeMs),
    figure('longest latency', latencyMs),
  ]
}

function seen({ longest: { ms, after }, over20Ms, happenings, faults }: PhaseResult): readonly string[] {
  return [
    ...(faults.length > 0 ? [`${ms.toFixed(1)} ms were seen`] : []),
    ...(after === undefined ? [] : [`${after.ms} ms after ${after.what}`]),
    `${over20Ms} over 20 ms`,
    ...happenings.map(({ what, asked, done }) => `${what}: ${done} of ${asked}`),
  ]
}
