import { execFileSync } from 'node:child_process'

/** From now on all threads of a process that runs have this core alone, and so has whatever it starts. */
export function moveToCpu(pid: number, cpu: number): void {
  execFileSync('taskset', ['-acp', String(cpu), String(pid)], { stdio: 'pipe' })
}
