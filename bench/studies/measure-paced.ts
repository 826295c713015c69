import { type BenchCase, benchPath } from '../cases.ts'
import { type Latency, latencyAt } from '../load/latency.ts'
import type { Sample } from '../measure.ts'
import { coreTimes, cpuSecondsOf, largestResidentMiB, sharesBetween } from '../processes.ts'
import type { RunningSide } from '../sides/side.ts'
import { stealFault } from '../steal-fault.ts'

export interface PacedOptions {
  readonly rps: number
  readonly seconds: number
  readonly tokenFile: string
  readonly expectedStatus: BenchCase['expectedStatus']
  readonly gatewayCpu: number
  readonly loadCpu: number
}

/** What of a sample a fixed rate tells as well. */
export type TimedSample = Omit<Sample, 'emptyCpuUsPerRequest' | 'upstreamRequests' | 'upstreamConnections'>

export interface PacedSample {
  readonly sample: TimedSample
  /** Undefined: the generator did not keep up, or got other answers than expected. */
  readonly latency: Latency | undefined
}

/**
 * CPU per request and latency of a warm side at a fixed rate. What the side uses in the two or three seconds in which the
 * generator starts and ends is counted in: about a hundredth of a core of an idle gateway, which is 1 % of the figure at
 * 3,000 requests a second for 10 s, and the more the shorter the sample.
 */
export async function measurePaced(side: RunningSide, options: PacedOptions): Promise<PacedSample> {
  const { rps, seconds, tokenFile, expectedStatus, gatewayCpu, loadCpu } = options
  const coresBefore = [coreTimes(gatewayCpu), coreTimes(loadCpu)] as const
  const cpuBefore = cpuSecondsOf(side.pid)
  const paced = { port: side.port, path: benchPath, tokenFile, rps, seconds, cpu: loadCpu, expectedStatus }
  const latency = await latencyAt(paced).catch((error: Error) => error)
  const cpuUsed = cpuSecondsOf(side.pid) - cpuBefore
  const gatewayCore = sharesBetween(coresBefore[0], coreTimes(gatewayCpu))
  const loadCore = sharesBetween(coresBefore[1], coreTimes(loadCpu))
  const requests = Math.floor(Math.floor(rps) * seconds)
  const sample: TimedSample = {
    side: side.name,
    requests,
    rps: requests / seconds,
    cpuUsPerRequest: (cpuUsed * 1e6) / requests,
    residentMiB: largestResidentMiB(side.pid),
    loadIdle: loadCore.idle,
    fault: latencyFault(latency, rps) ?? stealFault(gatewayCore, loadCore),
  }
  return { sample, latency: latency instanceof Error ? undefined : latency }
}

function latencyFault(latency: Latency | Error | undefined, rps: number): string | undefined {
  if (latency instanceof Error) return latency.message
  return latency === undefined ? `the generator did not keep up with ${Math.floor(rps)} requests a second` : undefined
}
