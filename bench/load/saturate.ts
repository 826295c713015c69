import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Load } from './load.ts'

/** Tokens whose keys rotate: `tokensPerKey` of each key, in order, two keys in use at a time. */
export interface Rotation {
  readonly tokensPerKey: number
  /** Whole seconds since 1970 when the first two keys came into use. */
  readonly sinceSeconds: number
  readonly periodSeconds: number
}

const script = fileURLToPath(new URL('./requests.lua', import.meta.url))

/** A closed loop over kept-alive connections with wrk, pinned to one core: for CPU per request, never for latency. */
export function saturate(options: {
  readonly url: string
  readonly tokenFile: string
  readonly seconds: number
  readonly connections: number
  readonly cpu: number
  /** The token to begin with, counted from 0: a run goes on where the one before it ended. */
  readonly startAt: number
  readonly rotation?: Rotation | undefined
}): Promise<Load> {
  const url = new URL(options.url)
  const args = [
    '-c',
    String(options.cpu),
    'wrk',
    '-t1',
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    '-s',
    script,
  ]
  const { rotation } = options
  const rotationWords =
    rotation === undefined ? [] : [rotation.tokensPerKey, rotation.sinceSeconds, rotation.periodSeconds].map(String)
  return new Promise((resolve, reject) => {
    execFile(
      'taskset',
      [...args, url.origin, '--', options.tokenFile, url.pathname, String(options.startAt), ...rotationWords],
      (error, stdout) => {
        const line = stdout.split('\n').find((one) => one.startsWith('JSON '))
        if (error !== null || line === undefined) {
          reject(error ?? new Error(`wrk said: ${stdout}`))
          return
        }
        const said = JSON.parse(line.slice(5)) as Record<string, number>
        const count = (name: string): number => said[name] ?? 0
        resolve({
          requests: count('requests'),
          seconds: count('durationUs') / 1e6,
          notOk: count('notOk'),
          errors: count('connect') + count('read') + count('write') + count('timeout'),
        })
      },
    )
  })
}
