import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A tenth of a worker's weight: where both want a core, the worker has nine tenths of it. */
const niceness = 10

/**
 * Lets workers go first where control shares a core with them: a reload of thousands of entries is work of control's, and
 * requests need not wait for it. On Linux a priority is a thread's own, and V8's threads are there already.
 */
export function giveWay(): void {
  for (const thread of threadsOfThisProcess()) {
    try {
      setPriority(thread, niceness)
    } catch {
      // A thread that ended meanwhile; or a sandbox that forbids it, where control works all the same.
    }
  }
}

function threadsOfThisProcess(): readonly number[] {
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return [process.pid]
  }
}
