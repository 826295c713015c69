import type { Sample } from './measure.ts'
import type { Round } from './round.ts'

const speedMovedMax = 0.1

/** Why a round does not count; none when it does. Pure. */
export function roundFaults(round: {
  readonly samples: readonly Pick<Sample, 'side' | 'fault'>[]
  readonly referenceUs: Round['referenceUs']
}): string[] {
  const [before, after] = round.referenceUs
  const moved = Math.abs(after - before) / before > speedMovedMax
  const faults = round.samples.flatMap((sample) =>
    sample.fault === undefined ? [] : [`${sample.side}: ${sample.fault}`],
  )
  return moved
    ? [...faults, `the machine's speed moved by more than 10 % (${before.toFixed(1)} -> ${after.toFixed(1)} us)`]
    : faults
}
