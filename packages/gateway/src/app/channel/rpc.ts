import type { Duplex } from 'node:stream'
import type { Result } from '../../domain/result.ts'
import { err, ok } from '../../domain/result.ts'
import { createFrameReader, encodeFrame } from './frames.ts'

/** What one side may be asked (`calls`, answered) and told (`notes`, not answered). */
export interface Side {
  readonly calls: { readonly [name: string]: { readonly params: unknown; readonly answer: unknown } }
  readonly notes: { readonly [name: string]: unknown }
}

/** Why a call has no answer. `busy`: the other side does not read, or too many calls wait; nothing was sent. */
export type RpcFault = 'timeout' | 'closed' | 'busy' | 'failed'

/** The functions one side answers with. */
export interface Handlers<S extends Side> {
  readonly calls: {
    readonly [N in keyof S['calls']]: (
      params: S['calls'][N]['params'],
    ) => S['calls'][N]['answer'] | Promise<S['calls'][N]['answer']>
  }
  readonly notes: { readonly [N in keyof S['notes']]: (params: S['notes'][N]) => void }
}

/** One end of a connection between two processes. No call waits longer than its limit, whatever the other end does. */
export interface Peer<Other extends Side> {
  readonly call: <N extends keyof Other['calls'] & string>(
    name: N,
    params: Other['calls'][N]['params'],
    timeoutMs: number,
  ) => Promise<Result<Other['calls'][N]['answer'], RpcFault>>
  /** False: dropped, since the other side does not read or is gone. */
  readonly note: <N extends keyof Other['notes'] & string>(name: N, params: Other['notes'][N]) => boolean
  readonly close: () => void
  /** Resolves when the connection is gone, from either side. */
  readonly closed: Promise<void>
}

export interface PeerOptions<Own extends Side> {
  readonly stream: Duplex
  readonly handlers: Handlers<Own>
  /** Unread bytes towards the other side beyond which nothing more is sent. */
  readonly unreadBytesMax: number
  /** Calls that may wait for their answers at one time. */
  readonly callsMax: number
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** A handler threw: a bug on this side. */
  readonly onBug: (error: unknown) => void
}

/** A frame as sent: `n` names a call (with id `c`) or a note, `a` answers call `a` with `v`, or without it when it failed. */
interface Frame {
  readonly n?: string
  readonly c?: number
  readonly p?: unknown
  readonly a?: number
  readonly v?: unknown
  readonly failed?: true
}

/** Speaks calls and notes over one stream of frames. A stream that stops making sense is closed. */
export function createPeer<Own extends Side, Other extends Side>(options: PeerOptions<Own>): Peer<Other> {
  const { stream, handlers, setTimer } = options
  const waiting = new Map<number, (answer: Result<unknown, RpcFault>) => void>()
  const read = createFrameReader()
  let lastId = 0
  let open = true
  let markClosed: () => void = () => {}
  const closed = new Promise<void>((resolve) => {
    markClosed = resolve
  })

  function shut(): void {
    if (!open) return
    open = false
    stream.destroy()
    for (const settle of [...waiting.values()]) settle(err('closed'))
    markClosed()
  }

  function send(frame: Frame): boolean {
    if (!open || stream.writableLength > options.unreadBytesMax) return false
    stream.write(encodeFrame(frame))
    return true
  }

  async function answer(name: string, id: number, params: unknown): Promise<void> {
    const handle = handlers.calls[name] as ((params: unknown) => unknown) | undefined
    try {
      if (handle === undefined) throw new Error(`unknown call ${name}`)
      send({ a: id, v: await handle(params) })
    } catch (error) {
      options.onBug(error)
      send({ a: id, failed: true })
    }
  }

  function take(frame: Frame): void {
    if (frame.a !== undefined) {
      waiting.get(frame.a)?.(frame.failed ? err('failed') : ok(frame.v))
    } else if (frame.n !== undefined && frame.c !== undefined) {
      void answer(frame.n, frame.c, frame.p)
    } else if (frame.n !== undefined) {
      const handle = handlers.notes[frame.n] as ((params: unknown) => void) | undefined
      try {
        handle?.(frame.p)
      } catch (error) {
        options.onBug(error)
      }
    }
  }

  stream.on('data', (chunk: Buffer) => {
    const frames = read(chunk)
    if (!frames.ok) return shut()
    for (const frame of frames.value) {
      if (typeof frame !== 'object' || frame === null) return shut()
      take(frame)
    }
  })
  stream.on('error', shut)
  stream.on('end', shut)
  stream.on('close', shut)

  return {
    call: (name, params, timeoutMs) =>
      new Promise((resolve) => {
        if (!open) return resolve(err('closed'))
        if (waiting.size >= options.callsMax) return resolve(err('busy'))
        lastId += 1
        const id = lastId
        if (!send({ n: name, c: id, p: params })) return resolve(err('busy'))
        const settle = (result: Result<unknown, RpcFault>): void => {
          cancel()
          waiting.delete(id)
          resolve(result as Result<never, RpcFault>)
        }
        const cancel = setTimer(() => settle(err('timeout')), timeoutMs)
        waiting.set(id, settle)
      }),
    note: (name, params) => send({ n: name, p: params }),
    close: shut,
    closed,
  }
}
