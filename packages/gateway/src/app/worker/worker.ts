import { assembleInSlices } from '../../compile/assemble.ts'
import type { Snapshot } from '../../compile/snapshot.ts'
import { hearParent, type ToWorker, tellParent } from '../channel/ipc.ts'
import type { WorkerSide } from '../channel/messages.ts'
import { type ControlLink, reachControl } from '../channel/reach-control.ts'
import type { Handlers } from '../channel/rpc.ts'
import { describeBug, type OpenLog, openLog } from '../open-log.ts'
import type { WorkerOptions } from '../start-options.ts'
import { createAssembly } from './assembly.ts'
import { connectionsForFiles, readProcessLimits } from './files-max.ts'
import { inSlices } from './in-slices.ts'
import { createTraffic, type Traffic, type TrafficParts } from './traffic.ts'
import { createWorkerKeys, type WorkerKeys } from './worker-keys.ts'
import { createWorkerListeners, type WorkerListeners } from './worker-listeners.ts'

/** A worker between its parts: the generation in force, the one being prepared, and what serves requests. */
interface WorkerState {
  /** One assignment switches everything a request reads. */
  current: Snapshot | undefined
  prepared: Snapshot | undefined
  /** What is at work on the next one. */
  preparing: Generator<void, Snapshot> | undefined
  traffic: Traffic | undefined
  readonly listeners: WorkerListeners
}

type Start = (welcome: Pick<TrafficParts, 'subjectKey' | 'apiKeyKey' | 'pseudonym'>) => void

/** What is granted to the last log lines. */
const flushMs = 1000
/** What a WebSocket gets to close before the deadline. */
const farewellMs = 1_500
/** What is granted to the last word of a worker that a bug ends. */
const lastWordMs = 200

/** Runs a worker: gets generations from control, serves requests, and goes on serving while control is away. */
export function runWorker(options: WorkerOptions): void {
  const opened = openLog(`worker ${options.worker}`, options.logFormat)
  const { listeners: places, reusePort, http1 } = options
  const listeners = createWorkerListeners({
    places,
    reusePort,
    http1,
    workers: options.workers,
    // Nobody is listened to before the first generation is in force.
    gateway: () => state.current?.gateway ?? noGateway(),
    roomFor: connectionsForFiles(readProcessLimits()),
    log: opened.log,
  })
  const state: WorkerState = {
    current: undefined,
    prepared: undefined,
    preparing: undefined,
    traffic: undefined,
    listeners,
  }
  const keys = createWorkerKeys(() => control)
  const start: Start = (welcome) => {
    const snapshot = (): Snapshot | undefined => state.current
    state.traffic ??= createTraffic({
      options,
      opened,
      tlsCounts: listeners.tlsCounts,
      refusedConnections: listeners.refusedConnections,
      control,
      keys,
      ...welcome,
      snapshot,
    })
  }
  const control: ControlLink = reachControl({
    socketPath: options.controlSocket,
    handlers: answerControl(opened, state, keys, start),
    hello: () => ({ worker: options.worker, pid: process.pid, generation: state.current?.generation ?? 0 }),
    onBug: opened.bug,
  })

  hearParent<ToWorker>((message) => {
    if (message.kind === 'farewell') state.listeners.farewell()
    else void end(state, opened, message.deadlineMs)
  })
  process.on('uncaughtException', (error) => crash(state, opened, error))
  // The supervisor alone decides when a worker ends; a terminal and some service managers signal all processes.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)
}

function answerControl(opened: OpenLog, state: WorkerState, keys: WorkerKeys, start: Start): Handlers<WorkerSide> {
  const assembly = createAssembly()
  return {
    calls: {
      missing: () => assembly.missing(),
      objects: ({ objects }) => {
        assembly.take(objects)
        return null
      },
      prepare: async ({ generation }) => {
        const objects = assembly.objects()
        if (objects === undefined) return { refused: 'objects are missing' }
        try {
          state.listeners.prepare(objects)
          const slices = assembleInSlices(objects, generation, state.current)
          state.preparing = slices
          // Certificates and list are the next one's already: nothing earlier may be switched to.
          state.prepared = undefined
          const snapshot = await inSlices(slices)
          // A control process that took over meanwhile has asked for another.
          if (state.preparing !== slices) return { refused: 'another generation is being prepared' }
          state.prepared = snapshot
          state.preparing = undefined
          return {}
        } catch (error) {
          opened.bug(error)
          return { refused: 'it cannot be assembled; the log of this worker says where' }
        }
      },
      switch: async ({ generation }) => {
        if (state.prepared?.generation !== generation) throw new Error('switched to a generation nobody prepared')
        state.current = state.prepared
        state.prepared = undefined
        state.listeners.keep()
        assembly.keep()
        keys.retain(state.current)
        state.traffic?.retain(state.current)
        await serve(opened, state)
        return null
      },
      held: ({ from }) => assembly.kept(from),
      heldKeys: keys.all,
      counters: async () => {
        const { traffic, listeners } = state
        return traffic === undefined ? {} : { counters: traffic.counters(await listeners.load()) }
      },
      decision: ({ id }) => wrap(state.traffic?.decision(id)),
      explain: async (request) => wrap(await state.traffic?.explain(request)),
    },
    notes: {
      welcome: ({ subjectKey, apiKeyKey, pseudonym }) =>
        start({ subjectKey: fromBase64url(subjectKey), apiKeyKey: fromBase64url(apiKeyKey), pseudonym }),
      manifest: ({ first, entries }) => assembly.manifest(first, entries),
      ticketKey: ({ key }) => state.listeners.useTicketKey(Buffer.from(key, 'base64url')),
      keySet: keys.sets.put,
      forget: ({ issuerIds }) => state.traffic?.forget(issuerIds),
    },
  }
}

function fromBase64url(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}

function noGateway(): never {
  throw new Error('listened without a configuration')
}

function wrap<T>(decision: T | undefined): { readonly decision?: T } {
  return decision === undefined ? {} : { decision }
}

/** Listens from the first generation on. */
async function serve({ log }: OpenLog, { traffic, current, listeners }: WorkerState): Promise<void> {
  if (traffic === undefined || current === undefined || listeners.isOpen()) return
  const unbound = await listeners.open(traffic.gateway)
  if (unbound === undefined) {
    tellParent({ kind: 'serving', generation: current.generation })
    return
  }
  const { code, place } = unbound
  const { address, port } = place
  log.error('unbound', { address, port, code })
  tellParent({ kind: 'unbound', code, address, port })
}

async function end(state: WorkerState, { writer }: OpenLog, deadlineMs: number): Promise<void> {
  // Long connections are told to go while there is still time for them to hear it.
  state.traffic?.gateway.drain(deadlineMs - Math.min(farewellMs, deadlineMs / 2))
  await state.listeners.drain(deadlineMs)
  await writer.close(flushMs)
  tellParent({ kind: 'drained' })
  process.exit(0)
}

/** A bug ends the worker; what it was doing is told first, so that a crash loop names its request (S22). */
function crash(state: WorkerState, { log, writer }: OpenLog, error: unknown): void {
  const { step, path } = state.traffic?.gateway.stage() ?? { step: 'start', path: '' }
  const fault = describeBug(error)
  log.error('crash', { stage: step, path, fault })
  tellParent({ kind: 'crashing', stage: step, path, fault })
  void writer.close(lastWordMs).then(() => process.exit(1))
}
