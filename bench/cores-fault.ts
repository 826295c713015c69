import type { sharesBetween } from './processes.ts'
import { stealFault } from './steal-fault.ts'

type Shares = ReturnType<typeof sharesBetween>

/** How both cores were used while a load ran. */
export interface Cores {
  readonly gateway: Shares
  readonly load: Shares
  /** CPU time of the side's own processes, as a share of the load's time. */
  readonly usedShare: number
}

const idleShareMin = 0.1
const usedUpShareMin = 0.95

/**
 * A load core with next to nothing left may be the limit, unless the side itself used up what there was of its own core: whoever
 * else uses that core up takes it from the side. Pure.
 */
export function coresFault({ gateway, load, usedShare }: Cores): string | undefined {
  const isUsedUp = usedShare >= usedUpShareMin * (1 - gateway.steal)
  if (load.idle < idleShareMin && !isUsedUp) return `the load core was idle only ${(load.idle * 100).toFixed(0)} %`
  return stealFault(gateway, load)
}
