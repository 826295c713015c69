import { mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answering, ended, type RunningSide } from '../sides/side.ts'
import { ownCounts } from './own-counts.ts'
import { readMetric } from './read-metric.ts'
import { type JotgateOptions, spawnJotgate } from './spawn-jotgate.ts'

/** Thousands of APIs make megabytes of metrics. */
const scrapeMsMax = 30_000
const startMsMax = 30_000

export interface GatewayOptions extends Omit<JotgateOptions, 'configFile'> {
  /** A folder of this run, in which the gateway gets its own. */
  readonly folder: string
  /** The configuration, as JSON is written. */
  readonly config: object
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

/** Started when it answers. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const folder = mkdtempSync(join(options.folder, 'gateway-'))
  const configFile = join(folder, 'jotgate.json')
  writeFileSync(configFile, JSON.stringify(options.config))
  const { child, port, adminPort, dataFolder, logFile } = await spawnJotgate({ ...options, folder, configFile })
  const stop = (): Promise<void> => ended(child)
  try {
    await answering(port, startMsMax)
  } catch (error) {
    await stop()
    throw error
  }
  const metrics = async (): Promise<string> => {
    const authorization = `Bearer ${readFileSync(join(dataFolder, 'admin-token'), 'utf8').trim()}`
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
      renameSync(draft, configFile)
      if (!child.kill('SIGHUP')) throw new Error('there is no gateway to reload')
    },
    stop,
  }
}
