import { type ChildProcess, fork } from 'node:child_process'
import type { Log } from '../telemetry/log.ts'
import { createBackOff } from './back-off.ts'
import type { FromControl, ToControl } from './channel/ipc.ts'
import type { Environment } from './env.ts'
import { heapFlags } from './heap-flags.ts'
import type { ControlOptions } from './start-options.ts'

/** The control process's slot: workers serve on while it is being replaced. */
export interface ControlSlot {
  /** What the first control process came to: where to listen, or undefined when its configuration was refused. */
  readonly loaded: Promise<Extract<FromControl, { kind: 'loaded' }> | undefined>
  readonly tell: (message: ToControl) => void
  readonly stop: () => void
}

export interface ControlSlotOptions {
  readonly entry: string
  readonly environment: Environment
  readonly forControl: Omit<ControlOptions, 'first' | 'generation' | 'listeners'>
  readonly log: Log
}

/** Forks control with the environment, which it alone needs: references in the configuration may name variables (S20). */
export function startControl(options: ControlSlotOptions): ControlSlot {
  const backOff = createBackOff()
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let ending = false
  let generation = 0
  let known: Extract<FromControl, { kind: 'loaded' }> | undefined
  let settle: (loaded: Extract<FromControl, { kind: 'loaded' }> | undefined) => void = () => {}
  const loaded = new Promise<Extract<FromControl, { kind: 'loaded' }> | undefined>((resolve) => {
    settle = resolve
  })

  function hear(message: FromControl): void {
    if (message.kind === 'loaded') {
      known ??= message
      settle(known)
    } else if (message.kind === 'switched') {
      generation = message.generation
    }
  }

  function onExit(code: number | null, signal: string | null): void {
    child = undefined
    if (ending) return
    if (known === undefined) {
      ending = true
      settle(undefined)
      return
    }
    const { delayMs, alarm } = backOff.died(Date.now())
    options.log.error('control_died', { code, signal, restartMs: delayMs })
    if (alarm) options.log.error('control_crash_loop', { deathsPerMinute: 5 })
    timer = setTimeout(fill, delayMs)
  }

  function fill(): void {
    const given = options.forControl
    const first = known === undefined
    // Ports taken by chance at the start stay the same.
    const ports = known === undefined ? {} : { adminAddress: known.adminAddress, adminPort: known.adminPort }
    const listeners = known?.listeners
    const argument: ControlOptions = { ...given, ...ports, listeners, first, generation }
    backOff.born(Date.now())
    try {
      const execArgv = [...heapFlags(process.versions.node).control, ...process.execArgv]
      const forked = fork(options.entry, [JSON.stringify(argument)], { env: { ...options.environment }, execArgv })
      child = forked
      forked.on('message', (message) => hear(message as FromControl))
      forked.on('exit', onExit)
      // Where the system has no room for a process, nothing exits: an error is all that comes, or is thrown.
      forked.on('error', ({ code }: NodeJS.ErrnoException) => {
        if (forked.pid === undefined) onExit(null, code ?? null)
      })
    } catch (error) {
      onExit(null, (error as NodeJS.ErrnoException).code ?? null)
    }
  }

  fill()
  return {
    loaded,
    tell: (message) => {
      if (child?.connected) child.send(message, () => undefined)
    },
    stop: () => {
      ending = true
      clearTimeout(timer)
      child?.kill('SIGKILL')
    },
  }
}
