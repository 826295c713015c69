import type { BenchCase } from './cases.ts'
import type { Load } from './load/load.ts'

/** Every answered request reached the upstream, and none that was refused did. Pure. */
export function upstreamFault(
  reached: number,
  run: Pick<Load, 'requests'>,
  { expectedStatus }: Pick<BenchCase, 'expectedStatus'>,
  inFlight: number,
): string | undefined {
  const wanted = expectedStatus === 200 ? run.requests : 0
  // A closed loop is cut off while so many are under way: the one before the measured run, and that run itself.
  const off = Math.abs(reached - wanted)
  if (off <= (expectedStatus === 200 ? 2 * inFlight : 0)) return undefined
  return `other work than asked: ${reached} requests reached the upstream, not ${wanted}`
}
