import type { ConfigObject, GatewayPlan, LimitsPlan } from '../../compile/plan.ts'
import { isTrustedProxy } from '../../proxy/head/client-address.ts'
import { createConnectionBounds, type RefusedConnections } from '../../proxy/listener/connection-bounds.ts'
import type { ExchangeHandler } from '../../proxy/listener/exchange-handler.ts'
import { createHttp1Sessions } from '../../proxy/listener/http1-sessions.ts'
import { type Listener, type ListenerLoad, listen } from '../../proxy/listener/listener.ts'
import { createNodeHttp1Sessions } from '../../proxy/listener/node-http1-sessions.ts'
import type { TlsCounts } from '../../proxy/listener/tls-front.ts'
import { prepareTls, type TlsMaterial } from '../../proxy/listener/tls-material.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Http1Reader, ListenerPlace } from '../start-options.ts'

/** A worker's listeners: opened once, their certificates replaced with every generation that brings others. */
export interface WorkerListeners {
  readonly tlsCounts: TlsCounts
  readonly refusedConnections: RefusedConnections
  /** Reads the certificates of a generation. Throws what OpenSSL says of those it does not take. */
  readonly prepare: (objects: readonly ConfigObject[]) => void
  /** What was prepared is in force: for handshakes from now on. */
  readonly keep: () => void
  /** A new key for session tickets; a caller with a ticket of the old one shakes hands in full. */
  readonly useTicketKey: (key: Buffer) => void
  /** Listens everywhere, once. Answers where that cannot be. */
  readonly open: (handler: ExchangeHandler) => Promise<Unbound | undefined>
  readonly isOpen: () => boolean
  readonly load: () => Promise<ListenerLoad>
  readonly farewell: () => void
  readonly drain: (deadlineMs: number) => Promise<void>
}

/** Where a worker could not listen, and the system's code for why. */
export interface Unbound {
  readonly place: ListenerPlace
  readonly code: string
}

export interface WorkerListenersOptions {
  readonly places: readonly ListenerPlace[]
  readonly reusePort: boolean
  readonly http1: Http1Reader
  /** Of the node: they share its bounds. */
  readonly workers: number
  readonly gateway: () => GatewayPlan
  /** Connections the system leaves room for in this process. */
  readonly roomFor: number
  readonly log: Log
}

interface Read {
  readonly hash: string
  readonly material: TlsMaterial
}

/** Failed handshakes and refused connections are counted; every so often one of them is told. */
const tellEveryMs = 10_000

export function createWorkerListeners(options: WorkerListenersOptions): WorkerListeners {
  const { places, reusePort, http1, workers, gateway, roomFor, log } = options
  const tlsCounts: TlsCounts = { handshakes: 0, resumed: 0, failed: 0, plain: 0, certificatesRefused: 0 }
  const listeners: Listener[] = []
  let isOpen = false
  let ticketKey: Buffer | undefined
  let inForce: ReadonlyMap<number, Read> = new Map()
  let prepared: ReadonlyMap<number, Read> = inForce
  const refusedConnections: RefusedConnections = { connections: 0, connectionsPerAddress: 0 }
  const toldMs = new Map<string, number>()

  /** Whether it is time to tell of such an event again. */
  function isDue(event: string): boolean {
    const nowMs = Date.now()
    if (nowMs - (toldMs.get(event) ?? 0) < tellEveryMs) return false
    toldMs.set(event, nowMs)
    return true
  }

  const bounds = createConnectionBounds({
    limits: () => shareOf(gateway(), workers, roomFor),
    isTrustedProxy: (address) => isTrustedProxy(gateway(), address),
    counts: refusedConnections,
    onRefused: (bound, address) => {
      if (!isDue(bound)) return
      const most = shareOf(gateway(), workers, roomFor)[bound]
      log.warn('connections_refused', {
        bound: `gateway.limits.${bound}`,
        most,
        address,
        refused: refusedConnections[bound],
      })
    },
  })

  function tellFailure(listener: number, code: string): void {
    if (!isDue('tls')) return
    log.info('tls_failed', { listener, code, failed: tlsCounts.failed + tlsCounts.certificatesRefused })
  }

  function openOne(place: ListenerPlace, listener: number, handler: ExchangeHandler): Promise<Listener> {
    const material = inForce.get(listener)?.material
    if (place.tls && (material === undefined || ticketKey === undefined)) throw new Error('no certificates to show')
    const { address, port } = place
    const tls =
      place.tls && material !== undefined && ticketKey !== undefined
        ? { material, ticketKey, counts: tlsCounts, onFailure: (code: string) => tellFailure(listener, code) }
        : undefined
    const onAcceptFailure = (code: string): void => {
      if (isDue(code)) log.error('accept_failed', { address, port, code })
    }
    const limits = (): LimitsPlan => gateway().limits
    const createHttp1 = http1 === 'node' ? createNodeHttp1Sessions : createHttp1Sessions
    const how = { createHttp1, reusePort, exclusive: reusePort, listener, tls, limits, bounds, onAcceptFailure }
    return listen(handler, { address, port, ...how })
  }

  return {
    tlsCounts,
    refusedConnections,
    prepare: (objects) => {
      const next = new Map<number, Read>()
      for (const object of objects) {
        if (object.kind !== 'listener') continue
        const { hash, plan } = object
        const before = inForce.get(plan.listener)
        next.set(plan.listener, before?.hash === hash ? before : { hash, material: prepareTls(plan) })
      }
      prepared = next
    },
    keep: () => {
      const before = inForce
      inForce = prepared
      for (const [index, listener] of listeners.entries()) {
        const read = inForce.get(index)
        if (read !== undefined && read !== before.get(index)) listener.tls?.use(read.material)
      }
    },
    useTicketKey: (key) => {
      ticketKey = key
      for (const listener of listeners) listener.tls?.useTicketKey(key)
    },
    open: async (handler) => {
      isOpen = true
      for (const [index, place] of places.entries()) {
        try {
          listeners.push(await openOne(place, index, handler))
        } catch (error) {
          const { code = 'unknown' } = error as NodeJS.ErrnoException
          return { place, code }
        }
      }
      return undefined
    },
    isOpen: () => isOpen,
    load: async () => {
      const loads = await Promise.all(listeners.map((listener) => listener.load()))
      return {
        connections: loads.reduce((sum, { connections }) => sum + connections, 0),
        requests: loads.reduce((sum, { requests }) => sum + requests, 0),
      }
    },
    farewell: () => {
      for (const listener of listeners) listener.farewell()
    },
    drain: async (deadlineMs) => {
      await Promise.all(listeners.map((listener) => listener.drain(deadlineMs)))
    },
  }
}

/** A worker's part of the node's bounds, and never more than the system leaves room for. */
function shareOf({ limits }: GatewayPlan, workers: number, roomFor: number): Record<keyof RefusedConnections, number> {
  return {
    connections: Math.min(Math.ceil(limits.connections / workers), roomFor),
    connectionsPerAddress: Math.ceil(limits.connectionsPerAddress / workers),
  }
}
