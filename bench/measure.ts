import { execFile } from 'node:child_process'
import type { createPublicKey, createVerify, generateKeyPairSync, sign } from 'node:crypto'
import { type BenchCase, benchPath } from './cases.ts'
import { saturate } from './load/saturate.ts'
import { coreTimes, cpuSecondsOf, largestResidentMiB, sharesBetween } from './processes.ts'
import type { RunningSide } from './sides/side.ts'

/** One measured run of one side. */
export interface Sample {
  readonly side: RunningSide['name']
  readonly requests: number
  readonly rps: number
  readonly cpuUsPerRequest: number
  readonly residentMiB: number
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
}

/** A load core busier than this may be the limit, unless the gateway's own core is used up. */
const idleShareMin = 0.1
const usedUpIdleMax = 0.05
const stealShareMax = 0.02

/** Warms a side up (5 s and 50,000 requests at least by default), then measures CPU time of its whole process tree. */
export async function measure(side: RunningSide, options: MeasureOptions): Promise<Sample> {
  const url = `http://127.0.0.1:${side.port}${benchPath}`
  const { tokenFile, connections, loadCpu: cpu } = options
  let sent = 0
  const load = async (seconds: number) => {
    const run = await saturate({ url, tokenFile, seconds, connections, cpu, startAt: sent })
    sent += run.requests
    return run
  }
  while (sent < options.warmRequests) await load(options.warmSeconds)

  const lookupsBefore = await side.cacheLookups()
  const coresBefore = [coreTimes(options.gatewayCpu), coreTimes(options.loadCpu)] as const
  const cpuBefore = cpuSecondsOf(side.pid)
  const run = await load(options.seconds)
  const cpuUsed = cpuSecondsOf(side.pid) - cpuBefore
  const gatewayCore = sharesBetween(coresBefore[0], coreTimes(options.gatewayCpu))
  const loadCore = sharesBetween(coresBefore[1], coreTimes(options.loadCpu))
  const lookups = await side.cacheLookups()

  return {
    side: side.name,
    requests: run.requests,
    rps: run.requests / run.seconds,
    cpuUsPerRequest: (cpuUsed * 1e6) / run.requests,
    residentMiB: largestResidentMiB(side.pid),
    loadIdle: loadCore.idle,
    fault:
      statusFault(run, options.benchCase) ??
      hitRateFault(lookupsBefore, lookups, options.benchCase) ??
      (loadCore.idle < idleShareMin && gatewayCore.idle > usedUpIdleMax
        ? `the load core was idle only ${(loadCore.idle * 100).toFixed(0)} %`
        : undefined) ??
      (Math.max(gatewayCore.steal, loadCore.steal) > stealShareMax
        ? 'the host took more than 2 % of a core'
        : undefined),
  }
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
