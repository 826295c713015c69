import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Connections that are open and silent, held by a process of its own. */
export interface IdleConnections {
  /** Ends the process; how many of them were still open. */
  readonly release: () => Promise<number>
}

const holder = fileURLToPath(new URL('./hold-idle.ts', import.meta.url))

/** Opens so many connections to the port, sends one request over each, and leaves them as they are. */
export async function holdIdle(options: {
  readonly port: number
  readonly path: string
  readonly tokenFile: string
  readonly count: number
  readonly cpu: number
}): Promise<IdleConnections> {
  const words = [options.port, options.path, options.tokenFile, options.count].map(String)
  const args = ['-c', String(options.cpu), process.execPath, '--import', 'tsx', holder, ...words]
  const child = spawn('taskset', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<number> => {
    const { value } = await lines.next()
    if (value === undefined) throw new Error('the holder of idle connections ended')
    return Number(value)
  }
  await line()
  return {
    release: async () => {
      child.stdin.end()
      return await line()
    },
  }
}
