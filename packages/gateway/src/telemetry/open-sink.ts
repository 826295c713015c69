import { close, constants, fstatSync, openSync, write } from 'node:fs'
import { Socket } from 'node:net'

/** A file descriptor to write to without ever waiting inside a thread. */
export interface Sink {
  /** Several processes may write here and only small writes stay whole: pipes, sockets, terminals. */
  readonly shared: boolean
  /** Writes some or all of the bytes. `written` counts only without error. One call at a time. */
  readonly write: (
    bytes: Buffer,
    offset: number,
    length: number,
    done: (error: unknown, written: number) => void,
  ) => void
  readonly close: () => void
}

/**
 * Opens a descriptor we were given, usually standard output. A pipe is opened once more, without blocking: a write
 * to a blocking pipe whose reader stalls holds a thread of the pool, and `process.exit` then waits for that thread
 * for ever (Node 20 to 24). The new description is ours alone, so nobody else's becomes non-blocking.
 */
export function openSink(fd: number): Sink {
  const stat = fstatSync(fd)
  if (stat.isFile()) return fileSink(fd, false, () => undefined)
  if (stat.isSocket()) return socketSink(fd)
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    return fileSink(own, true, () => close(own))
  } catch {
    // No /proc, a pipe made by another user, or one nobody reads now.
    return stat.isFIFO() ? socketSink(fd) : fileSink(fd, true, () => undefined)
  }
}

function fileSink(fd: number, shared: boolean, closeOwn: () => void): Sink {
  let writing = false
  let closed = false
  return {
    shared,
    write: (bytes, offset, length, done) => {
      writing = true
      write(fd, bytes, offset, length, null, (error, written) => {
        writing = false
        if (closed) closeOwn()
        done(error, written)
      })
    },
    close: () => {
      closed = true
      if (!writing) closeOwn()
    },
  }
}

/** Makes the descriptor non-blocking for everybody who shares it; there is no other way for a socket. */
function socketSink(fd: number): Sink {
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on('error', () => undefined)
  // Lines that nobody takes must not keep the process alive.
  socket.unref()
  return {
    shared: true,
    write: (bytes, offset, length, done) => {
      if (socket.destroyed) setImmediate(done, new Error('the reader is gone'), 0)
      else socket.write(bytes.subarray(offset, offset + length), (error) => done(error ?? null, length))
    },
    close: () => socket.destroy(),
  }
}
