import cluster, { type Worker } from 'node:cluster'
import type { Log } from '../telemetry/log.ts'
import { createBackOff } from './back-off.ts'
import type { FromWorker, ToWorker } from './channel/ipc.ts'
import { explainBind } from './claim-port.ts'
import { watchHandedConnection } from './handed-connection.ts'
import { heapFlags } from './heap-flags.ts'
import type { WorkerOptions } from './start-options.ts'

/** The workers: one slot each, refilled for ever (S22). */
export interface WorkerFleet {
  /** Resolves when every slot serves; rejects with a sentence for the operator when one cannot listen before that. */
  readonly serving: Promise<void>
  /** Workers tell their callers that the end is near, and still accept. */
  readonly farewell: () => void
  /** Resolves when every worker has ended: by itself after its exchanges, or killed shortly after `deadlineMs`. */
  readonly drain: (deadlineMs: number) => Promise<void>
  readonly kill: () => void
}

export interface FleetOptions {
  readonly workers: number
  readonly entry: string
  readonly forWorker: (worker: number) => WorkerOptions
  readonly log: Log
}

/** What a worker is granted beyond its deadline before it is killed. */
const killAfterMs = 1000

interface Slot {
  process: Worker | undefined
  served: boolean
  stop: () => void
}

/** Forks the workers and keeps their number. The environment must be wiped before: cluster hands it on. */
export function startFleet(options: FleetOptions): WorkerFleet {
  let ending = false
  let markServing: () => void = () => {}
  let markUnbound: (code: Error) => void = () => {}
  const serving = new Promise<void>((resolve, reject) => {
    markServing = resolve
    markUnbound = reject
  })
  const slots = Array.from({ length: options.workers }, (_, worker) => startSlot(worker))

  function startSlot(worker: number): Slot {
    const backOff = createBackOff()
    const slot: Slot = { process: undefined, served: false, stop: () => {} }
    let lastCrash: Extract<FromWorker, { kind: 'crashing' }> | undefined

    function hear(message: FromWorker): void {
      if (message.kind === 'serving') {
        slot.served = true
        if (slots.every(({ served }) => served)) markServing()
      } else if (message.kind === 'unbound') {
        markUnbound(new Error(explainBind(message.code, message.address, message.port)))
      } else if (message.kind === 'crashing') {
        lastCrash = message
      }
    }

    function onExit(code: number | null, signal: string | null): void {
      slot.process = undefined
      slot.served = false
      if (ending) return
      const { delayMs, alarm } = backOff.died(Date.now())
      const crash = { stage: lastCrash?.stage, path: lastCrash?.path, fault: lastCrash?.fault }
      options.log.error('worker_died', { worker, code, signal, ...crash, restartMs: delayMs })
      if (alarm) options.log.error('worker_crash_loop', { worker, deathsPerMinute: 5, ...crash })
      lastCrash = undefined
      const timer = setTimeout(fill, delayMs)
      slot.stop = () => clearTimeout(timer)
    }

    function fill(): void {
      cluster.setupPrimary({
        exec: options.entry,
        args: [JSON.stringify(options.forWorker(worker))],
        // An operator's own flags come later and win, but for the last: a worker needs no native add-on, and what it cannot
        // load it cannot be made to load (S22).
        execArgv: [...heapFlags(process.versions.node).worker, ...process.execArgv, '--no-addons'],
        serialization: 'json',
      })
      backOff.born(Date.now())
      try {
        begin(cluster.fork())
      } catch (error) {
        onExit(null, (error as NodeJS.ErrnoException).code ?? null)
      }
    }

    function begin(child: Worker): void {
      // Where the system has no room for a process, nothing exits: an error is all that comes, or is thrown.
      if (child.process.pid === undefined) {
        child.on('error', ({ code }: NodeJS.ErrnoException) => {
          delete cluster.workers?.[child.id]
          onExit(null, code ?? null)
        })
        return
      }
      child.on('error', () => undefined)
      slot.process = child
      const handed = watchHandedConnection(child.process)
      child.on('message', (message) => hear(message as FromWorker))
      child.on('exit', (code, signal) => {
        if (!ending) handed.end()
        onExit(code, signal)
      })
    }

    // The slots are not all known before the first tick, and `hear` asks all of them.
    setImmediate(fill)
    return slot
  }

  return {
    serving,
    farewell: () => {
      for (const { process: child } of slots) child?.send({ kind: 'farewell' } satisfies ToWorker, () => undefined)
    },
    drain: async (deadlineMs) => {
      ending = true
      for (const slot of slots) slot.stop()
      await Promise.all(slots.map(({ process: child, served }) => end(child, served, deadlineMs)))
    },
    kill: () => {
      ending = true
      for (const slot of slots) {
        slot.stop()
        slot.process?.process.kill('SIGKILL')
      }
    },
  }
}

function end(child: Worker | undefined, served: boolean, deadlineMs: number): Promise<void> {
  if (child === undefined) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.process.kill('SIGKILL'), served ? deadlineMs + killAfterMs : 0)
    child.on('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    const message: ToWorker = { kind: 'drain', deadlineMs }
    child.send(message, () => undefined)
    // No connection is handed to it behind that message; it would be turned away, and the last one's stay unanswered.
    child.disconnect()
  })
}
