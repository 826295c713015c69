import { Agent, request } from 'node:http'

/** A request that did not end in 200. */
export interface Failure {
  /** The status with its body, or the connection's error. */
  readonly what: string
  readonly kind: 'answer' | 'connection'
  /** The worker that answered on this connection before; undefined: the request was its first. */
  readonly worker: number | undefined
  readonly beganMs: number
  readonly endedMs: number
}

export interface SteadyLoad {
  readonly answered: () => number
  readonly failures: () => readonly Failure[]
  /** Requests answered by each worker so far. */
  readonly byWorker: () => ReadonlyMap<number, number>
  readonly stop: () => Promise<void>
}

export interface SteadyOptions {
  readonly port: number
  readonly path: string
  /** Half of them on kept connections, half on a new one for each request. */
  readonly lanes: number
  /** Of each lane, between an answer and its next request. */
  readonly pauseMs: number
  /** Of request n; called in order. */
  readonly token: (serial: number) => string
}

const patienceMs = 30_000

/** Sends requests at the pace of their answers, each with a token of its own, and remembers who answered where. */
export function startSteadyLoad(options: SteadyOptions): SteadyLoad {
  const failures: Failure[] = []
  const byWorker = new Map<number, number>()
  let serial = 0
  let answered = 0
  let stopped = false

  async function run(kept: boolean): Promise<void> {
    const agent = kept ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined
    let worker: number | undefined
    while (!stopped) {
      const beganMs = Date.now()
      const outcome = await ask(options, serial++, agent)
      const before = outcome.reused ? worker : undefined
      worker = outcome.worker
      if (outcome.what === undefined) {
        answered += 1
        if (worker !== undefined) byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1)
      } else {
        failures.push({ what: outcome.what, kind: outcome.kind, worker: before, beganMs, endedMs: Date.now() })
      }
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs))
    }
    agent?.destroy()
  }

  const ends = Array.from({ length: options.lanes }, (_, lane) => run(lane % 2 === 0))
  return {
    answered: () => answered,
    failures: () => failures,
    byWorker: () => byWorker,
    stop: async () => {
      stopped = true
      await Promise.all(ends)
    },
  }
}

interface Outcome {
  /** Undefined: 200. */
  readonly what: string | undefined
  readonly kind: Failure['kind']
  readonly worker: number | undefined
  /** On a connection that had carried a request before. */
  readonly reused: boolean
}

function ask({ port, path, token }: SteadyOptions, serial: number, agent: Agent | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    const headers = { Authorization: `Bearer ${token(serial)}` }
    const sent = request({ host: '127.0.0.1', port, path, headers, agent: agent ?? false, timeout: patienceMs })
    const broken = (error: Error): void =>
      resolve({ what: String(error), kind: 'connection', worker: undefined, reused: sent.reusedSocket })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${patienceMs} ms`)))
    sent.on('error', broken)
    sent.on('response', (response) => {
      // The last part of a decision id is its worker's number.
      const worker = Number(String(response.headers['jotgate-decision']).split('-')[1])
      const { statusCode } = response
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('error', broken)
      response.on('end', () => {
        const what = statusCode === 200 ? undefined : `${statusCode} ${body}`
        resolve({ what, kind: 'answer', worker, reused: sent.reusedSocket })
      })
    })
    sent.end()
  })
}
