import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readBy } from '../support/read-by.ts'

/** A gateway as an operator runs it: built, in processes of its own. */
export interface GatewayProcess {
  readonly process: ChildProcess
  readonly url: string
  readonly adminUrl: string
  readonly port: number
  readonly folder: string
  readonly configFile: string
  readonly adminToken: string
  /** Everything written to standard output and error so far. */
  readonly output: () => string
  readonly exited: Promise<number | null>
  readonly status: () => Promise<Status>
}

export interface Status {
  readonly pid: number
  readonly generation: number
  readonly workers: readonly { readonly number: number; readonly pid: number; readonly generation: number }[]
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface StartSettings {
  /** The document, written to a file as JSON; undefined starts the demo. */
  readonly config?: object
  readonly port?: number
  readonly workers?: number
  readonly graceMs?: number
  readonly drainMs?: number
  readonly folder?: string
  readonly logFormat?: 'json' | 'pretty'
  /** Arguments for every Node process of the gateway. */
  readonly nodeArgs?: readonly string[]
  /** Most files each process of the gateway may open. */
  readonly filesMax?: number
  /** Variables beside those of the test itself. */
  readonly env?: Readonly<Record<string, string>>
  /** Keeps at least so much of the end of what is written; undefined keeps everything. */
  readonly outputCharsMax?: number
}

const entry = fileURLToPath(new URL('./start-gateway.mjs', import.meta.url))
/** Each with the end of all its processes: they share its standard output. */
const running = new Map<ChildProcess, Promise<unknown>>()
const folders = new Set<string>()

/** Ends what a test left running, and removes its folders once nobody is left who could write into them. */
export async function cleanUp(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL')
  await Promise.all(running.values())
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jotgate-test-'))
  folders.add(folder)
  return folder
}

/** Starts a gateway and waits for its ready line. Rejects with its output when it ends before. */
export async function startGateway(settings: StartSettings): Promise<GatewayProcess> {
  const launched = launch(settings)
  const { child, folder, output, exited } = launched
  const ready = await Promise.race([
    until(() => /^\{.*"event":"ready".*\}$/m.exec(output())?.[0]),
    exited.then((code) => {
      throw new Error(`the gateway ended with ${code} before it was ready:\n${output()}`)
    }),
  ])
  const line: unknown = JSON.parse(ready)
  const { port, adminPort } = line as { port: number; adminPort: number }
  const adminToken = readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim()
  const adminUrl = `http://127.0.0.1:${adminPort}`
  return {
    process: child,
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    port,
    folder,
    configFile: launched.configFile,
    adminToken,
    output,
    exited,
    status: async () =>
      JSON.parse((await send(`${adminUrl}/status`, { headers: { Authorization: `Bearer ${adminToken}` } })).body),
  }
}

/** Puts a document in the place of a gateway's file, whole, and waits until it is in force everywhere. */
export async function replaceConfig(gateway: GatewayProcess, document: object, generation: number): Promise<void> {
  const draft = join(gateway.folder, 'draft')
  writeFileSync(draft, JSON.stringify(document))
  renameSync(draft, gateway.configFile)
  await until(async () => (await gateway.status()).workers.every((worker) => worker.generation === generation))
}

/** Starts a gateway that is expected to end by itself. */
export async function runToEnd(settings: StartSettings): Promise<{ code: number | null; output: string }> {
  const { exited, output } = launch(settings)
  const code = await exited
  return { code, output: output() }
}

function launch(settings: StartSettings) {
  const folder = settings.folder ?? makeFolder()
  const configFile = join(folder, 'jotgate.json')
  if (settings.config !== undefined) writeFileSync(configFile, JSON.stringify(settings.config))
  const options = {
    config: settings.config === undefined ? undefined : configFile,
    address: '127.0.0.1',
    port: settings.port ?? 0,
    adminAddress: '127.0.0.1',
    adminPort: 0,
    workers: settings.workers ?? 2,
    dataDir: join(folder, 'data'),
    logFormat: settings.logFormat ?? 'json',
    drainMs: settings.drainMs ?? 10_000,
    graceMs: settings.graceMs ?? 0,
    allowEnv: [],
    http1: readBy,
  }
  const command = [process.execPath, ...(settings.nodeArgs ?? []), entry, JSON.stringify(options)]
  const limited = settings.filesMax === undefined ? 'exec "$@"' : `ulimit -n ${settings.filesMax}; exec "$@"`
  const child = spawn('sh', ['-c', limited, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What a killed gateway cannot remove goes with the folder of the test.
    env: { ...process.env, TMPDIR: folder, ...settings.env },
  })
  const { outputCharsMax = Number.POSITIVE_INFINITY } = settings
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      text += chunk
      if (text.length > 2 * outputCharsMax) text = text.slice(-outputCharsMax)
    })
  }
  const exited = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  running.set(child, exited)
  return { child, folder, configFile, output: () => text, exited }
}

/** Asks again and again until there is an answer; fails after `timeoutMs`. */
export async function until<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${ask}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
}

/** One request; on a connection of its own unless an agent is given. */
export function send(url: string, options: SendOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body = '', agent } = options
    const sent = request(url, { method, headers, agent: agent ?? false, timeout: 20_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')))
    sent.on('error', reject)
    sent.end(body)
  })
}

export interface Load {
  /** Ends the load; what was sent, and everything but 200. */
  readonly stop: () => Promise<{ readonly sent: number; readonly failed: readonly string[] }>
  readonly sent: () => number
}

/** Sends requests without pause: half of the lanes on kept connections, half on new ones. */
export function startLoad(url: string, lanes = 8): Load {
  const agent = new Agent({ keepAlive: true })
  const failed: string[] = []
  let sent = 0
  let stopped = false
  async function run(kept: boolean): Promise<void> {
    while (!stopped) {
      sent += 1
      try {
        const { status, body } = await send(url, kept ? { agent } : {})
        if (status !== 200) failed.push(`${status} ${body}`)
      } catch (error) {
        failed.push(String(error))
      }
    }
  }
  const ends = Array.from({ length: lanes }, (_, lane) => run(lane % 2 === 0))
  return {
    sent: () => sent,
    stop: async () => {
      stopped = true
      await Promise.all(ends)
      agent.destroy()
      return { sent, failed }
    },
  }
}
