import { type IncomingMessage, request } from 'node:http'
import { type RunningGateway, readAdminToken, readRunning } from '../app/data-dir.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { escapeForTerminal } from '../telemetry/escape-text.ts'
import type { AdminFlags } from './option-sets.ts'

/** The admin port of a running gateway, and what opens it. */
export interface AdminClient {
  readonly get: (path: string) => Promise<AdminAnswer>
  readonly post: (path: string, body?: object) => Promise<AdminAnswer>
}

/** The JSON of a 2xx answer, or a sentence for the operator. */
export type AdminAnswer = Result<unknown, string>

const answerBytesMax = 64 * 1024 * 1024
/** A refresh waits for a provider; everything else is answered at once. */
const answerMs = 60_000

/**
 * Finds the admin port and its token in the data directory of a gateway; `--admin` overrules the address alone. The only
 * file of the command line that reads them.
 */
export function openAdmin({ data, admin }: AdminFlags): Result<AdminClient, string> {
  const token = readAdminToken(data)
  if (token === undefined) {
    return err(`${data} holds no admin token that this user may read; name the gateway's data directory with --data`)
  }
  const url = admin === undefined ? urlOf(readRunning(data), data) : parseAdminUrl(admin)
  if (!url.ok) return url
  const call = (method: string, path: string, body?: object): Promise<AdminAnswer> =>
    send(new URL(path, url.value), method, token, body)
  return ok({ get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) })
}

/** Where a gateway that listens on all addresses is reached from its own machine. */
export function urlOf(running: RunningGateway | undefined, data: string): Result<URL, string> {
  if (running === undefined) {
    return err(`no gateway runs with the data directory ${data}; start one, or name its directory with --data`)
  }
  const { adminAddress, adminPort } = running
  const host = adminAddress === '0.0.0.0' ? '127.0.0.1' : adminAddress === '::' ? '::1' : adminAddress
  return ok(new URL(`http://${host.includes(':') ? `[${host}]` : host}:${adminPort}`))
}

function parseAdminUrl(text: string): Result<URL, string> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === 'http:' ? ok(url) : err('--admin takes an address such as http://127.0.0.1:8081')
}

function send(url: URL, method: string, token: string, body: object | undefined): Promise<AdminAnswer> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const sent = request(url, { method, headers, agent: false, timeout: answerMs }, (response) => {
      void readAnswer(response).then(resolve)
    })
    sent.on('timeout', () => sent.destroy(new Error('silent')))
    sent.on('error', ({ message, code }: NodeJS.ErrnoException) => {
      const why = message === 'silent' ? `nothing came within ${answerMs / 1000} s` : (code ?? 'broken connection')
      resolve(err(`the gateway does not answer at ${url.origin} (${why}); does it run, and is that its admin port?`))
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function readAnswer(response: IncomingMessage): Promise<AdminAnswer> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) {
      text += chunk
      if (text.length > answerBytesMax) return err('the answer of the admin port is too long')
    }
    const json: unknown = JSON.parse(text)
    return isSuccess(response.statusCode) ? ok(json) : err(describeRefusal(json))
  } catch {
    return err(`what answers there is no admin port of Jotgate (status ${response.statusCode ?? 0})`)
  }
}

function isSuccess(status = 0): boolean {
  return status >= 200 && status < 300
}

/** The words of a problem document (RFC 9457): what is said of this one problem, else what its kind is called. */
function describeRefusal(problem: unknown): string {
  const { title, detail } = (problem ?? {}) as { readonly title?: unknown; readonly detail?: unknown }
  const words = [detail, title].find((part) => typeof part === 'string')
  return words === undefined ? 'the gateway refused without a word' : escapeForTerminal(words)
}
