import type { ListenerPlace } from '../start-options.ts'

/**
 * What supervisor and its children say over Node's own channel: few and rare, since each costs 130 us. A child speaks
 * first; what is sent to it before its modules are loaded would be lost.
 */
export type FromControl =
  /** The configuration is in force in control and the admin port is bound: where to listen. */
  | {
      readonly kind: 'loaded'
      readonly listeners: readonly ListenerPlace[]
      readonly adminAddress: string
      readonly adminPort: number
      /** The demo's token, to be printed. */
      readonly demoToken?: string
    }
  /** The first configuration cannot be used; control has said why and ends. */
  | { readonly kind: 'refused' }
  /** All workers serve this generation. */
  | { readonly kind: 'switched'; readonly generation: number }

export type ToControl = { readonly kind: 'reload' } | { readonly kind: 'drain' }

export type FromWorker =
  | { readonly kind: 'serving'; readonly generation: number }
  /** One of the ports cannot be listened on. */
  | { readonly kind: 'unbound'; readonly code: string; readonly address: string; readonly port: number }
  /** A bug ends this worker: the request in hand, never its query or token. */
  | { readonly kind: 'crashing'; readonly stage: string; readonly path: string; readonly fault: string }
  | { readonly kind: 'drained' }

export type ToWorker =
  /** The end is near: every answer from now on ends its connection. */
  { readonly kind: 'farewell' } | { readonly kind: 'drain'; readonly deadlineMs: number }

/** Says something to the parent. Nothing happens when it is gone: its children end by themselves then. */
export function tellParent(message: FromControl | FromWorker): void {
  process.send?.(message, undefined, undefined, () => undefined)
}

/** Listens to the parent. */
export function hearParent<Message extends ToControl | ToWorker>(hear: (message: Message) => void): void {
  process.on('message', (message) => hear(message as Message))
}
