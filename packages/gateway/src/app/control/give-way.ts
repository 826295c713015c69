import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** A third of a worker's weight: where both want a core, the worker has three quarters of it. */
const steps = 5
const nicenessMax = 19

/**
 * Lets workers go first where control shares a core with them: a reload of thousands of entries is work of control's, and
 * requests need not wait for it. On Linux a priority is a thread's own, and V8's threads are there already.
 */
export function giveWay(): void {
  for (const thread of threadsOfThisProcess()) {
    try {
      setPriority(thread, Math.min(nicenessMax, getPriority(thread) + steps))
    } catch {
      // A thread that ended meanwhile; or a sandbox that forbids it, where control works all the same.
    }
  }
}

function threadsOfThisProcess(): readonly number[] {
  const own = [process.pid]
  try {
    const threads = readdirSync('/proc/self/task').map(Number)
    // Numbers of another namespace would be those of other processes.
    return threads.includes(process.pid) ? threads : own
  } catch {
    return own
  }
}
