import { connect } from 'node:net'
import type { Result } from '../../domain/result.ts'
import { err } from '../../domain/result.ts'
import type { ControlSide, WorkerSide } from './messages.ts'
import { createPeer, type Handlers, type Peer, type RpcFault } from './rpc.ts'
import { setTimer } from './set-timer.ts'

/** A worker's end of the channel. While control is away calls fail at once, and the worker serves on. */
export interface ControlLink {
  readonly call: <N extends keyof ControlSide['calls'] & string>(
    name: N,
    params: ControlSide['calls'][N]['params'],
    timeoutMs: number,
  ) => Promise<Result<ControlSide['calls'][N]['answer'], RpcFault>>
  /** False: control is away or does not read. */
  readonly noteUsed: (issuerIds: readonly string[]) => boolean
}

export interface ReachControlOptions {
  readonly socketPath: string
  readonly handlers: Handlers<WorkerSide>
  /** What to say first on every connection. */
  readonly hello: () => ControlSide['notes']['hello']
  readonly onBug: (error: unknown) => void
}

const retryMs = 100
/** A control process that is stopped reads nothing: a worker holds this much for it, and nothing waits for room. */
const unreadBytesMax = 1024 * 1024
const callsMax = 1024

/** Connects, and connects again whenever the connection ends, for ever. */
export function reachControl(options: ReachControlOptions): ControlLink {
  let peer: Peer<ControlSide> | undefined

  function connectOnce(): void {
    const stream = connect(options.socketPath)
    let connected = false
    stream.once('connect', () => {
      connected = true
      const opened: Peer<ControlSide> = createPeer<WorkerSide, ControlSide>({
        stream,
        handlers: options.handlers,
        unreadBytesMax,
        callsMax,
        setTimer,
        onBug: options.onBug,
      })
      peer = opened
      opened.note('hello', options.hello())
      void opened.closed.then(() => {
        peer = undefined
        setTimeout(connectOnce, retryMs)
      })
    })
    stream.on('error', () => {
      if (!connected) setTimeout(connectOnce, retryMs)
    })
  }

  connectOnce()
  return {
    call: async (name, params, timeoutMs) => peer?.call(name, params, timeoutMs) ?? err('closed'),
    noteUsed: (issuerIds) => peer?.note('used', { issuerIds }) ?? false,
  }
}
