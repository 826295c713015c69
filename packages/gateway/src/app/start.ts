import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import type { Log } from '../telemetry/log.ts'
import type { FromControl } from './channel/ipc.ts'
import { claimPorts } from './claim-port.ts'
import { type ControlSlot, startControl } from './control-slot.ts'
import { openDataDir, readRunning, removeRunning, writeRunning } from './data-dir.ts'
import { formatDemo } from './demo-lines.ts'
import { type Environment, readEnvironment, wipeEnvironment } from './env.ts'
import { type OpenLog, openLog } from './open-log.ts'
import { formatReady, type Ready } from './ready-line.ts'
import type { StartOptions } from './start-options.ts'
import { startFleet, type WorkerFleet } from './worker-fleet.ts'

type Loaded = Extract<FromControl, { kind: 'loaded' }>

/** What is granted to the last log lines. */
const flushMs = 500
const stdout = 1

const entry = (name: string): string => {
  // Under `tsx` or a Node that strips types the sources run as they are.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url))
}

/**
 * Runs a gateway until it is told to end; resolves to the exit code: 0 after draining, 1 when it could not start.
 * This process is the supervisor: it forks, watches and replaces, and reads no configuration and no caller's bytes.
 */
export async function start(options: StartOptions): Promise<number> {
  const environment = readEnvironment()
  const temporary = tmpdir()
  wipeEnvironment()
  const problem = await findProblem(options)
  if (problem !== undefined) return refuse(problem)
  const opened = openLog('supervisor', options.logFormat)
  const code = await supervise(options, environment, temporary, opened)
  await opened.writer.close(flushMs)
  return code
}

async function supervise(
  options: StartOptions,
  environment: Environment,
  temporary: string,
  opened: OpenLog,
): Promise<number> {
  const { log } = opened
  if (process.versions.node.startsWith('20.')) {
    log.warn('node_unmaintained', { version: process.versions.node, advice: 'Node 20 gets no more fixes; use Node 24' })
  }

  const runDir = mkdtempSync(join(temporary, 'jotgate-'))
  const controlSocket = join(runDir, 'control.sock')
  process.once('exit', () => rmSync(runDir, { recursive: true, force: true }))
  const control = startControl({
    entry: entry('control/control-main'),
    environment,
    forControl: { ...options, runDir, controlSocket },
    log,
  })
  const ended = awaitSignals(log)

  const loaded = await Promise.race([control.loaded, ended.first])
  if (loaded === undefined || loaded === 'signal') return giveUp(control, undefined, loaded === 'signal' ? 0 : 1)
  const claimed = await claimPorts(loaded.listeners)
  if (!claimed.ok) return giveUp(control, undefined, refuse(claimed.error))

  const listeners = claimed.value
  const reusePort = acceptsForItself()
  const { workers, logFormat, http1 } = options
  const fleet = startFleet({
    workers,
    entry: entry('worker/worker-main'),
    forWorker: (worker) => ({ worker, workers, controlSocket, listeners, logFormat, reusePort, http1 }),
    log,
  })
  const unbound = await Promise.race([
    fleet.serving.then(
      () => undefined,
      (error: Error) => error,
    ),
    ended.first,
  ])
  if (unbound === 'signal') return giveUp(control, fleet, 0)
  if (unbound !== undefined) return giveUp(control, fleet, refuse(unbound.message))

  announce(options, { ...loaded, listeners }, controlSocket, opened)
  const reload = (): void => control.tell({ kind: 'reload' })
  process.on('SIGHUP', reload)
  await ended.first
  await Promise.race([drain(options, log, control, fleet), ended.second])
  removeRunning(options.dataDir)
  return giveUp(control, fleet, 0)
}

/** What stands in the way before anything is started. */
async function findProblem(options: StartOptions): Promise<string | undefined> {
  const directory = openDataDir(options.dataDir)
  if (!directory.ok) return directory.error
  const other = readRunning(directory.value.path)
  if (other !== undefined && (await answers(other.controlSocket))) {
    return `the data directory ${directory.value.path} is in use by the gateway with pid ${other.pid}; name another with --data`
  }
  return undefined
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Since Node 22.12 (libuv 1.49) each worker can listen on the shared port by itself; on Linux only, as the kernel balances. */
function acceptsForItself(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return process.platform === 'linux' && (major > 22 || (major === 22 && minor >= 12))
}

function announce(options: StartOptions, loaded: Loaded, controlSocket: string, { writer }: OpenLog): void {
  const { listeners, adminAddress, adminPort } = loaded
  const [first] = listeners
  if (first === undefined) throw new Error('a gateway without a listener')
  const { address, port } = first
  const { pid } = process
  const { workers } = options
  const ready: Ready = { address, port, listeners, adminAddress, adminPort, pid, workers, generation: 1 }
  writeRunning(options.dataDir, { pid, address, port, adminAddress, adminPort, controlSocket })
  writer.write(formatReady(ready, options.logFormat, Date.now()))
  if (loaded.demoToken === undefined) return
  const colour = isatty(stdout)
  writer.write(formatDemo(ready, loaded.demoToken, options.logFormat, colour, Date.now()))
}

/**
 * First `/readyz` says no and every answer says `Connection: close`; after the grace the workers stop accepting and
 * end what they have.
 */
async function drain(options: StartOptions, log: Log, control: ControlSlot, fleet: WorkerFleet): Promise<void> {
  control.tell({ kind: 'drain' })
  log.info('draining', { graceMs: options.graceMs, drainMs: options.drainMs })
  fleet.farewell()
  await new Promise((resolve) => setTimeout(resolve, options.graceMs))
  await fleet.drain(options.drainMs)
}

interface Ending {
  readonly first: Promise<'signal'>
  readonly second: Promise<'signal'>
}

/** SIGTERM or SIGINT begins the end; a second one ends at once. */
function awaitSignals(log: Log): Ending {
  const listeners: ((word: 'signal') => void)[] = []
  const [first, second] = [0, 1].map((index) => new Promise<'signal'>((resolve) => (listeners[index] = resolve)))
  const hear = (signal: string): void => {
    log.info('signal', { signal })
    listeners.shift()?.('signal')
  }
  process.on('SIGTERM', hear)
  process.on('SIGINT', hear)
  return { first: first as Promise<'signal'>, second: second as Promise<'signal'> }
}

function giveUp(control: ControlSlot, fleet: WorkerFleet | undefined, code: number): number {
  fleet?.kill()
  control.stop()
  return code
}

function refuse(problem: string): number {
  process.stderr.write(`jotgate: ${problem}\n`)
  return 1
}
