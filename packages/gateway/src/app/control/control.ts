import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type AdminServer, serveAdmin } from '../../admin/server.ts'
import type { KeySet } from '../../keys/key-set.ts'
import { createGuardedFetch, systemResolve } from '../../outbound/guarded-fetch.ts'
import { serveEcho } from '../../portal/echo-server.ts'
import { hearParent, type ToControl, tellParent } from '../channel/ipc.ts'
import type { WorkerSide } from '../channel/messages.ts'
import { type ConnectedWorker, serveWorkers } from '../channel/serve-workers.ts'
import { setTimer } from '../channel/set-timer.ts'
import { explainBind } from '../claim-port.ts'
import { debounce } from '../config/debounce.ts'
import { formatProblems } from '../config/format-problems.ts'
import { placeOf, type Settled } from '../config/keep-places.ts'
import { type AcceptedConfig, createLiveConfig, type LiveConfig } from '../config/live-config.ts'
import { readConfig } from '../config/read-config.ts'
import { type FileWatch, watchFiles } from '../config/watch-files.ts'
import { type DataDir, type KeyPurpose, openDataDir } from '../data-dir.ts'
import { writeDemo } from '../demo-config.ts'
import { readEnvironment } from '../env.ts'
import { describeBug, type OpenLog, openLog } from '../open-log.ts'
import type { ControlOptions, ListenerPlace } from '../start-options.ts'
import { createAdminPorts } from './admin-ports.ts'
import { giveWay } from './give-way.ts'
import { createRollout, type Rollout, type RolloutWorker } from './rollout.ts'
import { createTicketKeys, type TicketKeys } from './ticket-keys.ts'
import { createTrustHost, type TrustHost } from './trust-host.ts'

/** The parts of a control process. */
interface Control {
  readonly options: ControlOptions
  readonly opened: OpenLog
  readonly dataDir: DataDir
  readonly rollout: Rollout
  readonly trust: TrustHost
  readonly live: LiveConfig
  readonly tickets: TicketKeys
  readonly startedAtMs: number
  /** Fetched keys taken over from a worker, while there is no configuration to fetch any by. */
  readonly adoptedKeys: () => readonly KeySet[]
  draining: boolean
}

const quietMs = 75
const flushMs = 500

/**
 * Runs control: reads the configuration, brings generations to the workers, fetches keys, asks providers about opaque
 * tokens and serves the admin port. Workers serve on without it.
 */
export async function runControl(options: ControlOptions): Promise<void> {
  process.on('disconnect', () => process.exit(0))
  // The supervisor alone decides when control ends; a terminal and some service managers signal all processes.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)
  const opened = openLog('control', options.logFormat)
  process.on('uncaughtException', (error) => crash(opened, error))
  const problem = await begin(options, opened)
  if (problem === undefined) return
  process.stderr.write(problem)
  tellParent({ kind: 'refused' })
  await opened.writer.close(flushMs)
  process.exit(1)
}

/** Ends this process; the supervisor starts another. Node itself would print a message that may quote a secret. */
function crash({ log, writer }: OpenLog, error: unknown): void {
  log.error('crash', { fault: describeBug(error) })
  void writer.close(flushMs).then(() => process.exit(1))
}

/** Starts everything. The text for the operator when that cannot be. */
async function begin(options: ControlOptions, opened: OpenLog): Promise<string | undefined> {
  const dataDir = openDataDir(options.dataDir)
  if (!dataDir.ok) return `jotgate: ${dataDir.error}\n`
  const demo = options.config === undefined ? writeDemo(options.runDir, Date.now()) : undefined
  if (demo !== undefined) {
    const address = [options.address, options.adminAddress].find((given) => given !== undefined && !isLoopback(given))
    if (address !== undefined) {
      return `jotgate: the demo listens on loopback only, not on ${address}; write a configuration and start with --config\n`
    }
    await serveEcho(demo.echoSocket)
  }
  // Whoever asks why a request was refused may stand in another directory.
  const file = resolve(demo?.file ?? options.config ?? '')

  const files: FileWatch = watchFiles(() => reload.trigger())
  const control = createControl(options, opened, dataDir.value, file, files)
  const { live } = control
  const reload = debounce(async () => void (await live.load()), quietMs)

  const problems = await live.load()
  // A control process that replaces another has workers to look after, and waits for a better configuration.
  if (problems.length > 0 && options.first) return `${formatProblems(problems)}\n`
  process.on('SIGHUP', reload.trigger)
  hearParent<ToControl>(({ kind }) => {
    if (kind === 'reload') reload.trigger()
    else control.draining = true
  })

  await serveWorkers({
    socketPath: options.controlSocket,
    calls: {
      refetch: ({ issuerId }) => control.trust.refetch(issuerId),
      introspect: ({ issuerId, token }) => control.trust.introspect(issuerId, token),
    },
    onUsed: ({ issuerIds }) => {
      for (const issuerId of issuerIds) control.trust.keys.touch(issuerId)
    },
    onWorker: (worker) => welcome(control, worker),
    onBug: opened.bug,
  })
  const places = placesOf(options, live.current())
  const admin = await startAdmin(control, places, file)
  if (typeof admin === 'string') return admin
  // Until here everybody waits for control; from here on nobody should.
  giveWay()
  tellParent({
    kind: 'loaded',
    ...places,
    adminPort: admin.port,
    ...(demo?.token === undefined ? {} : { demoToken: demo.token }),
  })
  return undefined
}

interface Places {
  readonly listeners: readonly ListenerPlace[]
  readonly adminAddress: string
  readonly adminPort: number
}

/** Where to listen. A control process without a configuration replaces another and was told where that listened. */
function placesOf(options: ControlOptions, accepted: AcceptedConfig | undefined): Places {
  const gateway = accepted?.document.gateway
  return {
    listeners: gateway?.listeners.map(placeOf) ?? options.listeners ?? [],
    adminAddress: gateway?.admin.address ?? options.adminAddress ?? '',
    adminPort: gateway?.admin.port ?? options.adminPort ?? 0,
  }
}

function createControl(
  options: ControlOptions,
  opened: OpenLog,
  dataDir: DataDir,
  file: string,
  files: FileWatch,
): Control {
  const { log } = opened
  let adoptedKeys: readonly KeySet[] = []
  const rollout = createRollout(options.generation, ({ keySets, ...adopted }) => {
    adoptedKeys = keySets
    for (const set of keySets) onKeySet(set)
    tellParent({ kind: 'switched', generation: adopted.generation })
    const message = 'the file cannot be used: workers go on with what they serve, and no keys are fetched'
    log.error('config_taken_over', { file, ...adopted, message })
  })
  const environment = readEnvironment()
  const fetch = createGuardedFetch({ resolve: systemResolve, setTimer })
  const onKeySet = (set: KeySet): void => {
    for (const worker of rollout.workers()) tell(worker, 'keySet', set)
  }
  const trust = createTrustHost({ fetch, dataDir: dataDir.path, log, onKeySet })
  const live: LiveConfig = createLiveConfig({
    file,
    read: () => readConfig(file, options, environment, files.set, settledBy(options, live.current())),
    rollout,
    beforeSwitch: (compiled) => {
      adoptedKeys = []
      const issuerIds = trust.configure(compiled)
      for (const worker of rollout.workers()) tell(worker, 'forget', { issuerIds })
    },
    onAccepted: ({ generation }) => tellParent({ kind: 'switched', generation }),
    log,
    nowMs: Date.now,
  })
  return {
    options,
    opened,
    dataDir,
    rollout,
    trust,
    live,
    tickets: createTicketKeys((key) => {
      for (const worker of rollout.workers()) worker.peer.note('ticketKey', { key })
    }),
    startedAtMs: Date.now(),
    adoptedKeys: () => adoptedKeys,
    draining: false,
  }
}

/** Brings a worker that connected up to date, and keeps it so while it stays. */
function welcome({ rollout, trust, adoptedKeys, dataDir, tickets, opened }: Control, connected: ConnectedWorker): void {
  const worker: RolloutWorker = { ...connected }
  const { peer } = worker
  peer.note('ticketKey', { key: tickets.current() })
  const derived = (purpose: KeyPurpose): string => dataDir.deriveKey(purpose).toString('base64url')
  const { pseudonym } = dataDir
  peer.note('welcome', { subjectKey: derived('subject'), apiKeyKey: derived('api-keys'), pseudonym })
  for (const set of [...adoptedKeys(), ...trust.keySets()]) tell(worker, 'keySet', set)
  // An earlier control process may have asked providers on other terms.
  tell(worker, 'forget', { issuerIds: trust.introspecting() })
  rollout.join(worker).catch(opened.bug)
  void peer.closed.then(() => rollout.leave(worker))
}

/** A worker that missed what it must know would trust what is no longer trusted: it connects anew and gets all of it. */
function tell<N extends 'keySet' | 'forget'>({ peer }: RolloutWorker, name: N, note: WorkerSide['notes'][N]): void {
  if (!peer.note(name, note)) peer.close()
}

async function startAdmin(control: Control, places: Places, file: string): Promise<AdminServer | string> {
  const { dataDir, live, opened } = control
  const { adminAddress: address, adminPort: port } = places
  try {
    return await serveAdmin(
      createAdminPorts({
        ...control,
        file,
        isDraining: () => control.draining,
        logLinesDropped: opened.writer.dropped,
      }),
      {
        address,
        port,
        adminToken: dataDir.adminToken,
        settings: () => {
          const gateway = live.current()?.document.gateway
          return { hosts: gateway?.admin.hosts ?? [], metricsPublic: gateway?.metrics.public ?? false }
        },
        onBug: opened.bug,
      },
    )
  } catch (error) {
    return `jotgate: the admin port: ${explainBind((error as NodeJS.ErrnoException).code, address, port)}\n`
  }
}

/** What the gateway's start decided; undefined while this is the start. */
function settledBy(options: ControlOptions, accepted: AcceptedConfig | undefined): Settled | undefined {
  const current = accepted?.document
  const listeners = current?.gateway.listeners.map(placeOf) ?? options.listeners
  return listeners === undefined ? undefined : { listeners, current }
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}
