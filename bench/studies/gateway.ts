import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answering, ended, freePort, type RunningSide } from '../sides/side.ts'
import { ownCounts } from './own-counts.ts'
import { readMetric } from './read-metric.ts'

/** Thousands of APIs make megabytes of metrics. */
const scrapeMsMax = 30_000

const main = fileURLToPath(new URL('../../packages/gateway/bin/jotgate.js', import.meta.url))

export interface GatewayOptions {
  readonly node: string
  readonly cpu: number
  readonly workers: number
  /** A folder of this run. */
  readonly folder: string
  /** The configuration, as JSON is written. */
  readonly config: object
  /** Imported by every process of the gateway before its own code: `file:` URLs of what looks on, or stands in for a part. */
  readonly imports?: readonly string[]
}

/** `jotgate start` on one core, with a configuration of a study's own. */
export interface Gateway extends RunningSide {
  /** Access log and the gateway's own words, a JSON object a line. */
  readonly logFile: string
  /** All metrics right now, as Prometheus reads them; rejects unless every worker told its own. */
  readonly metrics: () => Promise<string>
  /** Puts another configuration in the file's place, whole, and says so by SIGHUP. */
  readonly reload: (config: object) => void
}

/** Started when it answers. Defaults hold for whatever is not said: metrics on, access log to a file. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const folder = mkdtempSync(join(options.folder, 'gateway-'))
  const [config, data, logFile] = ['jotgate.json', 'data', 'access.log'].map((name) => join(folder, name)) as [
    ...[string, string, string],
  ]
  writeFileSync(config, JSON.stringify(options.config))
  const log = openSync(logFile, 'a')
  const flags = {
    ...{ config, data, address: '127.0.0.1', port, 'admin-port': adminPort, workers: options.workers },
    ...{ log: 'json' },
  }
  const child = spawn(
    'taskset',
    [
      ...['-c', String(options.cpu), options.node],
      ...(options.imports ?? []).map((url) => `--import=${url}`),
      ...[main, 'start'],
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    { stdio: ['ignore', log, log] },
  )
  await answering(port, 30_000)
  const metrics = async (): Promise<string> => {
    const authorization = `Bearer ${readFileSync(join(data, 'admin-token'), 'utf8').trim()}`
    const signal = AbortSignal.timeout(scrapeMsMax)
    const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, { headers: { authorization }, signal })
    return ownCounts(answer.status, await answer.text())
  }
  return {
    name: 'jotgate',
    port,
    pid: child.pid ?? 0,
    rotation: undefined,
    logFile,
    metrics,
    cacheLookups: async () => {
      const text = await metrics()
      const read = (name: string): number => readMetric(text, `jotgate_token_cache_${name}_total`)
      return { hits: read('hits'), misses: read('misses') }
    },
    reload: (next) => {
      const draft = join(folder, 'draft')
      writeFileSync(draft, JSON.stringify(next))
      renameSync(draft, config)
      if (!child.kill('SIGHUP')) throw new Error('there is no gateway to reload')
    },
    stop: () => ended(child),
  }
}
