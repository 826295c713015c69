import type { ChildProcess } from 'node:child_process'

/** The connection a worker was handed last. */
export interface HandedConnection {
  /** Ends it for the supervisor's part; one that the worker had taken is closed here already, and stays as it is. */
  readonly end: () => void
}

type Send = (message: unknown, handle?: unknown, ...rest: unknown[]) => boolean

/**
 * Remembers what Node's cluster hands to a worker. Cluster closes its copy of a connection when the worker answers that
 * it took it, and waits for that answer even of a worker that is dead: the caller would hang for as long as he has
 * patience, and the supervisor would keep a descriptor for ever. One is on its way to a worker at a time. Nothing is
 * handed over where workers accept for themselves (Node 22.12).
 */
export function watchHandedConnection(child: ChildProcess): HandedConnection {
  let handed: unknown
  const send = child.send.bind(child) as Send
  const remember: Send = (message, handle, ...rest) => {
    if (handle !== undefined) handed = handle
    return send(message, handle, ...rest)
  }
  // The overloads of `send` differ in what may be left out; all of it is passed on as it came.
  child.send = remember as ChildProcess['send']
  return {
    end: () => {
      if (isClosable(handed)) handed.close()
      handed = undefined
    },
  }
}

function isClosable(handle: unknown): handle is { readonly close: () => void } {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function'
}
