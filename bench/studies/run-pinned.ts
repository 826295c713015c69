import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Runs one of `children/` on the node under test and on these cores alone, and answers the JSON it prints. */
export async function runPinned<T>(options: {
  readonly node: string
  readonly cpus: readonly number[]
  readonly child: string
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}): Promise<T> {
  const file = fileURLToPath(new URL(`./children/${options.child}.ts`, import.meta.url))
  const args = ['-c', options.cpus.join(','), options.node, '--import', 'tsx', file, ...options.words]
  const { stdout } = await promisify(execFile)('taskset', args, { env: { ...process.env, ...options.env } })
  return JSON.parse(stdout) as T
}
