import type { Cores } from './cores-fault.ts'
import type { Load } from './load/load.ts'
import { coreTimes, cpuSecondsOf, sharesBetween } from './processes.ts'

/** A load, and what it cost. */
export interface TimedLoad {
  readonly run: Load
  readonly cpuUsPerRequest: number
  readonly cores: Cores
}

/** Runs a load and takes the CPU time of a side's whole process tree meanwhile. */
export async function timeLoad(
  pid: number,
  { gatewayCpu, loadCpu }: { readonly gatewayCpu: number; readonly loadCpu: number },
  load: () => Promise<Load>,
): Promise<TimedLoad> {
  const coresBefore = [coreTimes(gatewayCpu), coreTimes(loadCpu)] as const
  const cpuBefore = cpuSecondsOf(pid)
  const run = await load()
  const cpuUsed = cpuSecondsOf(pid) - cpuBefore
  const gateway = sharesBetween(coresBefore[0], coreTimes(gatewayCpu))
  const shares = sharesBetween(coresBefore[1], coreTimes(loadCpu))
  return {
    run,
    cpuUsPerRequest: (cpuUsed * 1e6) / run.requests,
    // By the load's own clock: its generator reads the tokens before it starts.
    cores: { gateway, load: shares, usedShare: cpuUsed / run.seconds },
  }
}
