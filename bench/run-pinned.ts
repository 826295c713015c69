import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Runs a script of the benchmark in a process of its own, on these cores alone, and answers the JSON it prints. */
export async function runPinned<T>(options: {
  readonly node: string
  readonly cpus: readonly number[]
  readonly script: URL
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** One that has not ended by then is killed, and fails. */
  readonly endedWithinMs?: number
}): Promise<T> {
  const { node, cpus, script, words, env, endedWithinMs: timeout } = options
  const args = ['-c', cpus.join(','), node, '--import', 'tsx', fileURLToPath(script), ...words]
  const ending = timeout === undefined ? {} : { timeout, killSignal: 'SIGKILL' as const }
  const { stdout } = await promisify(execFile)('taskset', args, { env: { ...process.env, ...env }, ...ending })
  return JSON.parse(stdout) as T
}
