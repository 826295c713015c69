import type { CompiledConfig } from '../../compile/plan.ts'
import type { Result } from '../../domain/result.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Rollout } from '../control/rollout.ts'
import type { LocatedProblem } from './config-source.ts'
import type { LoadedConfig } from './load-config.ts'

/** The configuration in force. A refused one changes nothing but `refused`. */
export interface LiveConfig {
  /** Reads the configuration and brings it into force. The problems why that did not happen; none: it is in force. */
  readonly load: () => Promise<readonly LocatedProblem[]>
  readonly current: () => AcceptedConfig | undefined
  readonly refused: () => RefusedConfig | undefined
}

export interface AcceptedConfig extends LoadedConfig {
  readonly file: string
  readonly generation: number
  readonly loadedAtMs: number
}

export interface RefusedConfig {
  readonly atMs: number
  readonly problems: readonly LocatedProblem[]
}

export interface LiveConfigPorts {
  readonly file: string
  readonly read: () => Promise<Result<LoadedConfig, readonly LocatedProblem[]>>
  readonly rollout: Rollout
  /** Between readiness and switch: sources that only control talks to. */
  readonly beforeSwitch: (compiled: CompiledConfig) => void
  readonly onAccepted: (accepted: AcceptedConfig, before: AcceptedConfig | undefined) => void
  readonly log: Log
  readonly nowMs: () => number
}

/** Lines of problems in the log for one refused reload; the admin port lists all. */
const loggedProblemsMax = 20

export function createLiveConfig(ports: LiveConfigPorts): LiveConfig {
  const { file, rollout, log, nowMs } = ports
  let current: AcceptedConfig | undefined
  let refused: RefusedConfig | undefined

  function refuse(problems: readonly LocatedProblem[]): readonly LocatedProblem[] {
    refused = { atMs: nowMs(), problems }
    log.error('config_refused', { file, problems: problems.length, generation: rollout.generation() })
    for (const problem of problems.slice(0, loggedProblemsMax)) logProblem(log, problem)
    return problems
  }

  async function load(): Promise<readonly LocatedProblem[]> {
    const startedMs = nowMs()
    const read = await ports.read()
    if (!read.ok) return refuse(read.error)

    const { compiled } = read.value
    const offered = await rollout.offer(compiled.objects, () => ports.beforeSwitch(compiled))
    if (!offered.ok) {
      return refuse([{ file, path: '', code: 'worker_refused', message: offered.error, severity: 'error' }])
    }
    const before = current
    current = { ...read.value, file, generation: offered.value, loadedAtMs: nowMs() }
    refused = undefined
    for (const warning of read.value.warnings) logProblem(log, warning)
    const tookMs = nowMs() - startedMs
    log.info('config_in_force', { file, generation: offered.value, objects: compiled.objects.length, tookMs })
    ports.onAccepted(current, before)
    return []
  }

  return { load, current: () => current, refused: () => refused }
}

function logProblem(log: Log, problem: LocatedProblem): void {
  const { file, line, column, path, code, message, hint, severity } = problem
  const write = severity === 'error' ? log.error : log.warn
  write('config_problem', { file, line, column, path, code, message, hint })
}
