import type { BenchCase } from './cases.ts'
import { coresFault } from './cores-fault.ts'
import type { Load } from './load/load.ts'
import type { RunningSide } from './sides/side.ts'
import type { TimedLoad } from './time-load.ts'
import { upstreamFault } from './upstream-fault.ts'

type Lookups = Awaited<ReturnType<RunningSide['cacheLookups']>>

/** What a sample is judged by. */
export interface Seen {
  readonly timed: TimedLoad
  /** The same without a body; undefined where the case has none. */
  readonly empty: TimedLoad | undefined
  readonly lookupsBefore: Lookups
  readonly lookupsAfter: Lookups
  /** Requests that reached the upstream in the measured seconds, and connections opened to it meanwhile. */
  readonly upstreamRequests: number
  readonly upstreamOpened: number
  /** Silent connections still open at the end; undefined where the case has none. */
  readonly idleLeft: number | undefined
  readonly inFlight: number
}

/** Connections to the upstream are kept; one opened for more than each hundredth request means they are not. */
const openedShareMax = 0.01

/** Why a sample does not count, if it does not: the first reason there is. Pure. */
export function sampleFault(benchCase: BenchCase, seen: Seen): string | undefined {
  const { timed, empty, upstreamRequests, inFlight } = seen
  const { run, cores } = timed
  return (
    statusFault(run, benchCase) ??
    hitRateFault(seen, benchCase) ??
    upstreamFault(upstreamRequests, run, benchCase, inFlight) ??
    openedFault(seen) ??
    (run.resumed ? `${run.resumed} handshakes were not full ones` : undefined) ??
    idleFault(seen, benchCase) ??
    coresFault(cores) ??
    (empty === undefined ? undefined : (statusFault(empty.run, benchCase) ?? coresFault(empty.cores)))
  )
}

function statusFault(run: Load, { expectedStatus }: BenchCase): string | undefined {
  if (run.requests === 0) return 'nothing was answered'
  const unexpected = expectedStatus === 200 ? run.notOk : run.requests - run.notOk
  // A closed loop is cut off in the middle of its last answers.
  if (unexpected > 0) return `${unexpected} answers were not ${expectedStatus}`
  return run.errors > 0 ? `${run.errors} requests got no answer` : undefined
}

function hitRateFault({ lookupsBefore, lookupsAfter }: Seen, { hitRate }: BenchCase): string | undefined {
  if (hitRate === undefined || lookupsBefore === undefined || lookupsAfter === undefined) return undefined
  const hits = lookupsAfter.hits - lookupsBefore.hits
  const rate = hits / (hits + lookupsAfter.misses - lookupsBefore.misses)
  return rate >= hitRate.min && rate <= hitRate.max ? undefined : `the cache hit rate was ${(rate * 100).toFixed(2)} %`
}

function openedFault({ upstreamOpened, timed }: Seen): string | undefined {
  return upstreamOpened > timed.run.requests * openedShareMax
    ? `other work than asked: ${upstreamOpened} connections were opened to the upstream`
    : undefined
}

function idleFault({ idleLeft }: Seen, { idleConnections }: BenchCase): string | undefined {
  return idleLeft === undefined || idleLeft === idleConnections
    ? undefined
    : `only ${idleLeft} of ${idleConnections} idle connections were left`
}
