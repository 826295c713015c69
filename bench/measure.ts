import { execFile } from 'node:child_process'
import type { createPublicKey, createVerify, generateKeyPairSync, sign } from 'node:crypto'
import { type BenchCase, benchPath } from './cases.ts'
import { applyLoad } from './load/apply-load.ts'
import { holdIdle } from './load/idle-connections.ts'
import type { Load } from './load/load.ts'
import { pathOf } from './paths.ts'
import { type Probe, probeFault } from './probe.ts'
import { coreTimes, cpuSecondsOf, largestResidentMiB, sharesBetween } from './processes.ts'
import type { RunningSide } from './sides/side.ts'
import type { Upstream } from './sides/upstream.ts'

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

/** A load core busier than this may be the limit, unless the gateway's own core is used up. */
const idleShareMin = 0.1
const usedUpIdleMax = 0.05
const stealShareMax = 0.02
/** Connections to the upstream are kept; one opened for more than each hundredth request means they are not. */
const openedShareMax = 0.01

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
  while (sent < options.warmRequests) await load(quick, options.warmSeconds)
  if (quick !== benchCase) await load(benchCase, options.warmSeconds)

  const lookupsBefore = await side.cacheLookups()
  const before = await upstream.counts()
  const timed = await timeLoad(side, options, () => load(benchCase, options.seconds))
  const after = await upstream.counts()
  const lookups = await side.cacheLookups()
  const { run, cores } = timed
  const upstreamRequests = after.requests - before.requests - 1
  const empty = { ...benchCase, body: noBody }
  const emptyRun = hasBody(benchCase) ? await timeLoad(side, options, () => load(empty, options.seconds)) : undefined
  const idleLeft = await idle?.release()

  return {
    side: side.name,
    requests: run.requests,
    rps: run.requests / run.seconds,
    cpuUsPerRequest: timed.cpuUsPerRequest,
    emptyCpuUsPerRequest: emptyRun?.cpuUsPerRequest,
    residentMiB: largestResidentMiB(side.pid),
    upstreamRequests,
    // The last two readings opened one each.
    upstreamConnections: after.connections - atFirst.connections - 2,
    loadIdle: cores.load.idle,
    fault:
      otherWork ??
      statusFault(run, benchCase) ??
      hitRateFault(lookupsBefore, lookups, benchCase) ??
      upstreamFault(upstreamRequests, run, benchCase, connections) ??
      (after.connections - before.connections - 1 > run.requests * openedShareMax
        ? `other work than asked: ${after.connections - before.connections - 1} connections were opened to the upstream`
        : undefined) ??
      (run.resumed ? `${run.resumed} handshakes were not full ones` : undefined) ??
      (idleLeft === undefined || idleLeft === benchCase.idleConnections
        ? undefined
        : `only ${idleLeft} of ${benchCase.idleConnections} idle connections were left`) ??
      coresFault(cores) ??
      (emptyRun === undefined ? undefined : (statusFault(emptyRun.run, benchCase) ?? coresFault(emptyRun.cores))),
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

type Shares = ReturnType<typeof sharesBetween>

interface TimedLoad {
  readonly run: Load
  readonly cpuUsPerRequest: number
  readonly cores: { readonly gateway: Shares; readonly load: Shares }
}

async function timeLoad(side: RunningSide, options: MeasureOptions, load: () => Promise<Load>): Promise<TimedLoad> {
  const coresBefore = [coreTimes(options.gatewayCpu), coreTimes(options.loadCpu)] as const
  const cpuBefore = cpuSecondsOf(side.pid)
  const run = await load()
  const cpuUsed = cpuSecondsOf(side.pid) - cpuBefore
  const gateway = sharesBetween(coresBefore[0], coreTimes(options.gatewayCpu))
  const loads = sharesBetween(coresBefore[1], coreTimes(options.loadCpu))
  return { run, cpuUsPerRequest: (cpuUsed * 1e6) / run.requests, cores: { gateway, load: loads } }
}

function coresFault({ gateway, load }: TimedLoad['cores']): string | undefined {
  if (load.idle < idleShareMin && gateway.idle > usedUpIdleMax) {
    return `the load core was idle only ${(load.idle * 100).toFixed(0)} %`
  }
  return Math.max(gateway.steal, load.steal) > stealShareMax ? 'the host took more than 2 % of a core' : undefined
}

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

function statusFault(
  run: { requests: number; notOk: number; errors: number },
  benchCase: BenchCase,
): string | undefined {
  const unexpected = benchCase.expectedStatus === 200 ? run.notOk : run.requests - run.notOk
  // A closed loop is cut off in the middle of its last answers.
  if (unexpected > 0) return `${unexpected} answers were not ${benchCase.expectedStatus}`
  return run.errors > 0 ? `${run.errors} requests got no answer` : undefined
}

type Lookups = { readonly hits: number; readonly misses: number } | undefined

function hitRateFault(before: Lookups, after: Lookups, benchCase: BenchCase): string | undefined {
  if (benchCase.hitRate === undefined || before === undefined || after === undefined) return undefined
  const hits = after.hits - before.hits
  const rate = hits / (hits + after.misses - before.misses)
  const { min, max } = benchCase.hitRate
  return rate >= min && rate <= max ? undefined : `the cache hit rate was ${(rate * 100).toFixed(2)} %`
}

/** Microseconds of one RS256 verification on the gateway's core right now: the yardstick of the machine's own speed. */
export function referenceUs(cpu: number): Promise<number> {
  const code = `(${spin.toString()})`
  return new Promise((resolve, reject) => {
    const args = ['-c', String(cpu), process.execPath, '-e', `const c=require('node:crypto');console.log(${code}(c))`]
    execFile('taskset', args, (error, stdout) => (error === null ? resolve(Number(stdout)) : reject(error)))
  })
}

interface Crypto {
  readonly generateKeyPairSync: typeof generateKeyPairSync
  readonly sign: typeof sign
  readonly createPublicKey: typeof createPublicKey
  readonly createVerify: typeof createVerify
  readonly verify: (hash: string, data: Buffer, key: unknown, signature: Buffer) => boolean
}

function spin(crypto: Crypto): number {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
  const data = Buffer.alloc(1200, 'x')
  const signature = crypto.sign('sha256', data, privateKey)
  for (let i = 0; i < 5_000; i++) crypto.verify('sha256', data, publicKey, signature)
  const begin = process.cpuUsage()
  for (let i = 0; i < 20_000; i++) crypto.verify('sha256', data, publicKey, signature)
  const used = process.cpuUsage(begin)
  return (used.user + used.system) / 20_000
}
