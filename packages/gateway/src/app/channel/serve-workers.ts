import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { ControlSide, WorkerSide } from './messages.ts'
import { createPeer, type Handlers, type Peer } from './rpc.ts'
import { setTimer } from './set-timer.ts'

/** A worker that said hello. */
export interface ConnectedWorker {
  readonly number: number
  readonly pid: number
  readonly generation: number
  readonly peer: Peer<WorkerSide>
}

export interface ServeWorkersOptions {
  readonly socketPath: string
  readonly calls: Handlers<ControlSide>['calls']
  readonly onUsed: Handlers<ControlSide>['notes']['used']
  readonly onWorker: (worker: ConnectedWorker) => void
  readonly onBug: (error: unknown) => void
}

/** A worker that reads nothing is sent no more than this; a rollout's slices wait for each other and stay far below. */
const unreadBytesMax = 32 * 1024 * 1024
const callsMax = 1024

/** Control's end of the channel: listens on the private socket, in place of a control process that went before. */
export function serveWorkers(options: ServeWorkersOptions): Promise<Server> {
  rmSync(options.socketPath, { force: true })
  const server = createServer((stream) => {
    const peer: Peer<WorkerSide> = createPeer<ControlSide, WorkerSide>({
      stream,
      handlers: {
        calls: options.calls,
        notes: {
          used: options.onUsed,
          hello: ({ worker, pid, generation }) => options.onWorker({ number: worker, pid, generation, peer }),
        },
      },
      unreadBytesMax,
      callsMax,
      setTimer,
      onBug: options.onBug,
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.socketPath, () => resolve(server))
  })
}
