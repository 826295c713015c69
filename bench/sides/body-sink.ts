import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { answering, ended, freePort } from './side.ts'
import { readCounts, type Upstream } from './upstream.ts'

const sink = fileURLToPath(new URL('./read-bodies.ts', import.meta.url))

/** An upstream that reads each body to its end before it answers. */
export async function startBodySink(cpu: number): Promise<Upstream> {
  const port = await freePort()
  const args = ['-c', String(cpu), process.execPath, '--import', 'tsx', sink, String(port)]
  const child = spawn('taskset', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  await answering(port, 10_000)
  return { port, counts: () => readCounts(port), stop: () => ended(child) }
}
