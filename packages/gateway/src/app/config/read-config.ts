import type { Config } from '@jotgate/contract'
import { ok, type Result } from '../../domain/result.ts'
import type { Environment } from '../env.ts'
import type { StartOptions } from '../start-options.ts'
import type { LocatedProblem } from './config-source.ts'
import { keepPlaces, type Settled } from './keep-places.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'

/** What the command line decides over the file. */
export type Given = Pick<StartOptions, 'address' | 'port' | 'adminAddress' | 'adminPort' | 'allowEnv' | 'secretsDir'>

/** Between two reads that must be equal: an editor that writes in place is let finish. */
const settleMs = 50

/** Reads a running gateway's configuration. `onFiles` is told of every file before it is read; `settled` is what
 * the start decided, undefined at the start. */
export function readConfig(
  file: string,
  given: Given,
  environment: Environment,
  onFiles: (files: readonly string[]) => void,
  settled?: Settled,
): Promise<Result<LoadedConfig, readonly LocatedProblem[]>> {
  return loadConfig(file, {
    environment,
    allowEnv: given.allowEnv,
    secretsDir: given.secretsDir,
    nowMs: Date.now(),
    adjust: (config) => {
      const adjusted = adjust(config, given)
      return settled === undefined ? ok({ config: adjusted, warnings: [] }) : keepPlaces(adjusted, settled)
    },
    onFiles,
    settle: () => new Promise((resolve) => setTimeout(resolve, settleMs)),
  })
}

function adjust(config: Config, given: Given): Config {
  const { listeners, admin } = config.gateway
  return {
    ...config,
    gateway: {
      ...config.gateway,
      listeners: listeners.map((listener, index) =>
        index > 0
          ? listener
          : { ...listener, address: given.address ?? listener.address, port: given.port ?? listener.port },
      ),
      admin: { ...admin, address: given.adminAddress ?? admin.address, port: given.adminPort ?? admin.port },
    },
  }
}
