import {
  type Config,
  type ConfigPath,
  type ConfigProblem,
  formatConfigPath,
  type ListenerConfig,
} from '@jotgate/contract'
import { err, ok, type Result } from '../../domain/result.ts'
import type { ListenerPlace } from '../start-options.ts'

/** What was settled when the gateway started. */
export interface Settled {
  /** As configured: 0 stays 0. */
  readonly listeners: readonly ListenerPlace[]
  /** The configuration in force; undefined: this process replaces one that had it. */
  readonly current: Config | undefined
}

/** A configuration for the listeners there are, and what of it must wait. */
export interface AdjustedConfig {
  readonly config: Config
  readonly warnings: readonly ConfigProblem[]
}

const hint = 'restart the gateway; everything else of this file needs none'

/**
 * Where a gateway listens, and whether it speaks TLS there, is settled at its start. A configuration that says
 * otherwise is taken with the listeners there are, each as it is described now or was last, and says what waits for a
 * restart. Refused when nobody knows how a listener was described last.
 */
export function keepPlaces(wanted: Config, settled: Settled): Result<AdjustedConfig, readonly ConfigProblem[]> {
  const { listeners, admin } = wanted.gateway
  const { current } = settled
  const left = new Map(listeners.entries())
  const matches = settled.listeners.map((place) => {
    const [index, listener] = [...left].find(([, one]) => isAt(one, place)) ?? []
    if (index !== undefined) left.delete(index)
    return listener
  })
  const before = current?.gateway.listeners
  const kept = matches.flatMap((match, index) => match ?? before?.[index] ?? [])
  const adminBefore = current?.gateway.admin ?? admin
  const moved = admin.address !== adminBefore.address || admin.port !== adminBefore.port
  const severity = kept.length === matches.length ? 'warning' : 'error'
  const problems = [
    ...[...left].map(([index, { address, port }]) =>
      problemOf(['gateway', 'listeners', index], `${address}:${port} is not listened on in this way yet`, severity),
    ),
    ...matches.flatMap((match, index) => {
      const { address = '', port = 0 } = settled.listeners[index] ?? {}
      const message = `${address}:${port} is listened on as before, though this file has it otherwise`
      return match === undefined ? [problemOf(['gateway', 'listeners'], message, severity)] : []
    }),
    ...(moved ? [problemOf(['gateway', 'admin'], 'the admin port stays where it is', severity)] : []),
  ]
  if (severity === 'error') return err(problems)
  const { address, port } = adminBefore
  return ok({
    config: { ...wanted, gateway: { ...wanted.gateway, listeners: kept, admin: { ...admin, address, port } } },
    warnings: problems,
  })
}

/** Where a listener of the configuration is. */
export function placeOf({ address, port, tls }: ListenerConfig): ListenerPlace {
  return { address, port, tls: tls !== undefined }
}

function isAt(listener: ListenerConfig, place: ListenerPlace): boolean {
  const { address, port, tls } = placeOf(listener)
  return address === place.address && port === place.port && tls === place.tls
}

function problemOf(path: ConfigPath, message: string, severity: ConfigProblem['severity']): ConfigProblem {
  return { path: formatConfigPath(path), code: 'restart_needed', message, hint, severity }
}
