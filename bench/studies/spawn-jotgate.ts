import type { ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../sides/side.ts'
import { spawnPinned } from '../spawn-pinned.ts'
import { jotgateMain } from './jotgate-main.ts'

export interface JotgateOptions {
  readonly node: string
  readonly cpu: number
  readonly workers: number
  /** Its own: data and log come into it. */
  readonly folder: string
  readonly configFile: string
  /** Imported by every process of the gateway before its own code: `file:` URLs of what looks on, or stands in for a part. */
  readonly imports?: readonly string[]
}

/** `jotgate start` under way; whoever starts it ends it. */
export interface JotgateProcess {
  readonly child: ChildProcess
  readonly port: number
  readonly adminPort: number
  readonly dataFolder: string
  /** Access log and the gateway's own words, a JSON object a line. */
  readonly logFile: string
}

/** `jotgate start` on one core. Defaults hold for whatever is not said: metrics on, access log to a file. */
export async function spawnJotgate(options: JotgateOptions): Promise<JotgateProcess> {
  const { node, cpu, workers, folder, configFile, imports = [] } = options
  const [port, adminPort] = [await freePort(), await freePort()]
  const [dataFolder, logFile] = [join(folder, 'data'), join(folder, 'access.log')]
  const log = openSync(logFile, 'a')
  const flags = {
    ...{ config: configFile, data: dataFolder, address: '127.0.0.1', port, 'admin-port': adminPort },
    ...{ workers, log: 'json' },
  }
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
  const command = [node, ...imports.map((url) => `--import=${url}`), jotgateMain, 'start', ...words]
  return { child: spawnPinned([cpu], command, ['ignore', log, log]), port, adminPort, dataFolder, logFile }
}
