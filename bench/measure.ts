import { type BenchCase, benchPath } from './cases.ts'
import { applyLoad } from './load/apply-load.ts'
import { holdIdle } from './load/idle-connections.ts'
import type { Load } from './load/load.ts'
import { pathOf } from './paths.ts'
import { type Probe, probeFault } from './probe.ts'
import { largestResidentMiB } from './processes.ts'
import { type Seen, sampleFault } from './sample-fault.ts'
import type { RunningSide } from './sides/side.ts'
import type { Upstream } from './sides/upstream.ts'
import { timeLoad } from './time-load.ts'

/** One measured run of one side. */
export interface Sample {
  readonly side: RunningSide['name']
  readonly requests: number
  readonly rps: number
  readonly cpuUsPerRequest: number
  /** Of the same process, by the same load without a body; undefined where the case has none. */
  readonly emptyCpuUsPerRequest: number | undefined
  readonly residentMiB: number
  /** Requests that reached the upstream in the measured seconds. */
  readonly upstreamRequests: number
  /** Connections to the upstream, opened from the side's start on. */
  readonly upstreamConnections: number
  /** Share of its core the load and the upstream left unused. */
  readonly loadIdle: number
  /** Why the run does not count, if it does not. */
  readonly fault: string | undefined
}

export interface MeasureOptions {
  readonly benchCase: BenchCase
  readonly tokenFile: string
  readonly seconds: number
  readonly warmSeconds: number
  readonly warmRequests: number
  readonly connections: number
  readonly gatewayCpu: number
  readonly loadCpu: number
  readonly upstream: Pick<Upstream, 'counts'>
  readonly probes: readonly Probe[]
}

/**
 * Asks whether a side does the case's work, warms it up (5 s and 50,000 requests at least by default), then measures CPU time
 * of its whole process tree.
 */
export async function measure(side: RunningSide, options: MeasureOptions): Promise<Sample> {
  const { benchCase, tokenFile, connections, upstream, loadCpu } = options
  const atFirst = await upstream.counts()
  const otherWork = await probeFault(side, benchCase, options.probes)
  const idle = await openIdle(side, options)
  let sent = 0
  const load = async (loadCase: BenchCase, seconds: number): Promise<Load> => {
    const path = pathOf(loadCase)
    const run = await applyLoad({
      ...{ benchCase: loadCase, port: side.port, path, tokenFile, seconds, connections, cpu: loadCpu },
      ...{ startAt: sent, rotation: side.rotation },
    })
    sent += run.requests
    return run
  }
  const quick = quickest(benchCase)
  while (sent < options.warmRequests) {
    const { requests } = await load(quick, options.warmSeconds)
    if (requests === 0) throw new Error(`${side.name} answered nothing`)
  }
  if (quick !== benchCase) await load(benchCase, options.warmSeconds)

  const lookupsBefore = await side.cacheLookups()
  const before = await upstream.counts()
  const timed = await timeLoad(side.pid, options, () => load(benchCase, options.seconds))
  const after = await upstream.counts()
  const lookupsAfter = await side.cacheLookups()
  const empty = hasBody(benchCase)
    ? await timeLoad(side.pid, options, () => load({ ...benchCase, body: noBody }, options.seconds))
    : undefined
  const { run, cores } = timed
  const seen: Seen = {
    ...{ timed, empty, lookupsBefore, lookupsAfter, inFlight: connections, idleLeft: await idle?.release() },
    // Each reading is a request and a connection of its own.
    upstreamRequests: after.requests - before.requests - 1,
    upstreamOpened: after.connections - before.connections - 1,
  }

  return {
    side: side.name,
    requests: run.requests,
    rps: run.requests / run.seconds,
    cpuUsPerRequest: timed.cpuUsPerRequest,
    emptyCpuUsPerRequest: empty?.cpuUsPerRequest,
    residentMiB: largestResidentMiB(side.pid),
    upstreamRequests: seen.upstreamRequests,
    // The last two readings opened one each.
    upstreamConnections: after.connections - atFirst.connections - 2,
    loadIdle: cores.load.idle,
    fault: otherWork ?? sampleFault(benchCase, seen),
  }
}

const noBody = { upBytes: 0, downBytes: 0 }

function hasBody({ body }: BenchCase): boolean {
  return body.upBytes + body.downBytes > 0
}

/** The same tokens by the quickest way they go: what a warm-up is for is seen by then, but for the way itself. */
function quickest(benchCase: BenchCase): BenchCase {
  if (benchCase.rpsMax === undefined) return benchCase
  const transport = benchCase.transport === 'https-new' ? 'https' : benchCase.transport
  return { ...benchCase, transport, body: noBody, rpsMax: undefined }
}

async function openIdle(side: RunningSide, { benchCase, tokenFile, loadCpu }: MeasureOptions) {
  const { idleConnections: count } = benchCase
  return count === 0 ? undefined : await holdIdle({ port: side.port, path: benchPath, tokenFile, count, cpu: loadCpu })
}
