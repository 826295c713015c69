import { randomUUID } from 'node:crypto'
import type { Agent } from 'node:http'
import { join } from 'node:path'
import { type AnnouncedUpstream, nonceHeader } from '../support/announced-upstream.ts'
import { commandLine, environment, filesBelow, findLeaks, type Place } from '../support/find-leaks.ts'
import { type Answer, type GatewayProcess, send, until } from './gateway-process.ts'

/** What `GET /decisions/<id>` says of a request, as far as tests look at it. */
export interface SeenDecision {
  readonly outcome: string
  readonly reason?: string
  readonly rule?: { readonly path: string; readonly line?: number }
}

/** Sends requests with tokens to a gateway, and tells the upstream which of them may reach it. */
export interface Caller {
  /** Sends a request that may be let through or not. */
  readonly send: (path: string, token?: string, agent?: Agent) => Promise<Answer>
  /** Sends a request that must not reach the upstream, and says what its decision is. */
  readonly refused: (path: string, token?: string) => Promise<Answer & { readonly reason: string | undefined }>
  /** Sends requests on new connections until every worker has let this token through twice, as its caches want. */
  readonly warm: (path: string, token: string, workers?: number) => Promise<void>
  readonly admin: (method: string, path: string, body?: object) => Promise<Answer>
  /** The sum of a metric over its series whose labels contain the text. */
  readonly metric: (name: string, labels?: string) => Promise<number>
  /**
   * Where the tokens sent, or these secrets, were left: in answers, decisions, log, admin port, data directory, command
   * lines or the workers' environments.
   */
  readonly leaks: (...secrets: readonly string[]) => Promise<readonly string[]>
}

const tokensMax = 500

export function createCaller(gateway: GatewayProcess, upstream: AnnouncedUpstream): Caller {
  const tokens = new Set<string>()
  const heard: Place[] = []
  const ask = async (path: string, token: string | undefined, nonce: string, agent?: Agent): Promise<Answer> => {
    // The end of a token is nowhere else; its start is every token's.
    // A shorter text is no token anybody made, and would be found by chance.
    if (token !== undefined && token.length >= 32 && tokens.size < tokensMax) tokens.add(token.slice(-32))
    const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const headers = { ...authorization, [nonceHeader]: nonce }
    const answer = await send(gateway.url + path, agent === undefined ? { headers } : { headers, agent })
    heard.push([`an answer at ${path}`, JSON.stringify(answer)])
    return answer
  }
  const admin: Caller['admin'] = (method, path, body) =>
    send(gateway.adminUrl + path, {
      method,
      headers: { Authorization: `Bearer ${gateway.adminToken}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const sendAnnounced: Caller['send'] = async (path, token, agent) => {
    const nonce = randomUUID()
    upstream.announce(nonce)
    const answer = await ask(path, token, nonce, agent)
    const forwarded = upstream.received(nonce) !== undefined
    if (forwarded !== (answer.status === 200)) throw new Error(`${answer.status}, though forwarded is ${forwarded}`)
    return answer
  }

  return {
    send: sendAnnounced,
    refused: async (path, token) => {
      const answer = await ask(path, token, 'never announced')
      const id = String(answer.headers['jotgate-decision'])
      const { body } = await admin('GET', `/decisions/${id}`)
      heard.push([`the decision ${id}`, body])
      const { reason } = JSON.parse(body) as SeenDecision
      return { ...answer, reason }
    },
    warm: async (path, token, workers = 2) => {
      const passed = new Map<string, number>()
      await until(async () => {
        const { status, headers, body } = await sendAnnounced(path, token)
        if (status !== 200) throw new Error(`${status} ${body}`)
        const worker = String(headers['jotgate-decision']).split('-')[1] ?? ''
        passed.set(worker, (passed.get(worker) ?? 0) + 1)
        return passed.size === workers && [...passed.values()].every((count) => count > 1)
      })
    },
    admin,
    metric: async (name, labels = '') => {
      const { body } = await admin('GET', '/metrics')
      const lines = body.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      if (lines.length === 0) throw new Error(`no metric ${name}`)
      const matching = lines.filter((line) => line.includes(labels))
      return matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    },
    leaks: async (...secrets) => {
      const paths = ['/metrics', '/config', '/keys', '/status']
      const shown = await Promise.all(
        paths.map(async (path): Promise<Place> => [path, (await admin('GET', path)).body]),
      )
      const { pid: control, workers } = await gateway.status()
      const pids = [gateway.process.pid ?? 0, control, ...workers.map(({ pid }) => pid)]
      const places = [
        ['the log', gateway.output()] as const,
        ...heard,
        ...shown,
        ...filesBelow(join(gateway.folder, 'data')),
        ...pids.map(commandLine),
        ...workers.map(({ pid }) => environment(pid)),
      ]
      return findLeaks(places, [...tokens, ...secrets])
    },
  }
}

/** Sends requests at a fixed rate, each with what `next` answers at its time, and keeps what did not end in 200. */
export function startPacedLoad(
  perSecond: number,
  next: () => Promise<Answer>,
): { readonly stop: () => Promise<{ readonly sent: number; readonly failed: readonly string[] }> } {
  const everyMs = 20
  const failed: string[] = []
  const pending = new Set<Promise<void>>()
  const startMs = Date.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - startMs) / 1000) * perSecond)
    for (; sent < due; sent += 1) {
      const one = next().then(
        ({ status, body }) => {
          if (status !== 200) failed.push(`${status} ${body}`)
        },
        (error: unknown) => void failed.push(String(error)),
      )
      pending.add(one)
      void one.finally(() => pending.delete(one))
    }
  }, everyMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(pending)
      return { sent, failed }
    },
  }
}
