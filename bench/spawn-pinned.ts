import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'

/** Starts a command that may run on these cores alone, and so may all that it starts. */
export function spawnPinned(cpus: readonly number[], command: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn('taskset', ['-c', cpus.join(','), ...command], { stdio })
}
