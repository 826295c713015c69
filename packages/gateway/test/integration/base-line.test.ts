import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWebSocket } from '../support/web-socket-caller.ts'
import { startWebSocketUpstream, type WebSocketUpstream } from '../support/web-socket-upstream.ts'
import { cleanUp, type GatewayProcess, send, startGateway, startLoad, until } from './gateway-process.ts'

const aborts = 10_000
const atOnce = 50
const reloads = 100
const webSockets = 1_000
/** What a worker may keep: measured at 4 MiB on Node 20 and 22 on Node 24, what the collector has not come to. */
const growthBytesMax = 40 * 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'jotgate-base-line-'))
/** Loaded into the worker: on SIGUSR2 it writes which timers and handles are active, and how many listeners these have. */
const probe = `import { renameSync, writeFileSync } from 'node:fs'
process.on('SIGUSR2', () => {
  const counts = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  counts.listeners = 0
  for (const handle of process._getActiveHandles()) {
    for (const event of handle.eventNames?.() ?? []) counts.listeners += handle.listenerCount(event)
  }
  const file = ${JSON.stringify(join(folder, 'active-'))} + process.pid
  writeFileSync(file + '.new', JSON.stringify(counts))
  renameSync(file + '.new', file)
})
`

let upstream: Server
let echo: WebSocketUpstream
let gateway: GatewayProcess
let configuration: { readonly version: 1; readonly gateway: object; readonly apis: object }

beforeAll(async () => {
  upstream = createServer((request, response) => {
    request.resume()
    if (request.url === '/open/never') return
    response.end('ok')
  })
  upstream.listen(0, '127.0.0.1')
  await new Promise((resolve) => upstream.once('listening', resolve))
  const { port } = upstream.address() as AddressInfo
  const target = { targets: [`http://127.0.0.1:${port}`], idleTimeout: '1s' }
  echo = await startWebSocketUpstream()
  const apis = {
    open: { listen: { path: '/open' }, access: 'public', upstream: target },
    chat: { listen: { path: '/chat' }, access: 'public', websocket: true, upstream: { targets: [echo.url] } },
  }
  configuration = { version: 1, gateway: {}, apis }
  const hook = join(folder, 'probe.mjs')
  writeFileSync(hook, probe)
  const nodeArgs = ['--max-semi-space-size=4', '--import', hook]
  gateway = await startGateway({ workers: 1, config: configuration, nodeArgs })
})
afterAll(async () => {
  await cleanUp()
  rmSync(folder, { recursive: true })
  echo.close()
  upstream.closeAllConnections()
  await new Promise((resolve) => upstream.close(resolve))
})

/** What a process holds when nothing is going on. */
interface Holdings {
  readonly files: number
  readonly connections: number
  readonly upstreamConnections: number
  readonly inFlight: number
  readonly tunnels: number
}

async function holdings(pid: number): Promise<Holdings> {
  const { body } = await send(`${gateway.adminUrl}/metrics`, {
    headers: { Authorization: `Bearer ${gateway.adminToken}` },
  })
  const metric = (name: string): number =>
    Number(new RegExp(`^jotgate_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(body)?.[1] ?? Number.NaN)
  return {
    files: readdirSync(`/proc/${pid}/fd`).length,
    connections: metric('caller_connections'),
    upstreamConnections: metric('upstream_connections'),
    inFlight: metric('requests_in_flight'),
    tunnels: metric('tunnels_open'),
  }
}

/** Active timers and handles of a worker by kind, and the listeners on them. */
async function active(pid: number): Promise<object> {
  const file = join(folder, `active-${pid}`)
  rmSync(file, { force: true })
  process.kill(pid, 'SIGUSR2')
  await until(() => existsSync(file))
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** A timer of the log or of the clock may just be due: what counts is what stays. */
async function expectActive(pid: number, wanted: object): Promise<void> {
  let seen: object = {}
  await until(async () => {
    seen = await active(pid)
    return isDeepStrictEqual(seen, wanted)
  }).catch(() => undefined)
  expect(seen).toEqual(wanted)
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** A request given up: at once, in its body, or while the answer is waited for. */
function abort(port: number, way: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const heads = [
      'GET /open/never HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf',
      'GET /open/x HTTP/1.1\r\nHost:',
      'POST /open/never HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ]
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.on('connect', () => {
      socket.write(heads[way % heads.length] ?? '')
      setTimeout(() => (way % 2 === 0 ? socket.resetAndDestroy() : socket.destroy()), way % 7)
    })
  })
}

async function abortMany(count: number): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, at) => abort(gateway.port, done + at)))
  }
}

/** Opens WebSockets, hears an echo on each, and leaves in three ways. */
async function chatMany(count: number): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    const callers = Array.from({ length: atOnce }, () => openWebSocket({ port: gateway.port, path: '/chat/x' }))
    const opened = await Promise.all(callers)
    await Promise.all(
      opened.map(async (caller, at) => {
        caller.send('hello')
        await caller.frame(0)
        if (at % 3 === 0) caller.socket.resetAndDestroy()
        else if (at % 3 === 1) caller.socket.destroy()
        else caller.socket.end()
      }),
    )
    await until(() => echo.open() === 0)
  }
}

/** What it holds once nothing goes on, and nobody comes late for a while; what it holds at last, if that never is. */
async function settled(pid: number, filesMax = Number.POSITIVE_INFINITY): Promise<Holdings> {
  let seen = await holdings(pid)
  await until(async () => {
    const before = seen
    await new Promise((resolve) => setTimeout(resolve, 500))
    seen = await holdings(pid)
    const busy = seen.connections + seen.upstreamConnections + seen.inFlight + seen.tunnels
    return busy === 0 && seen.files === before.files && seen.files <= filesMax
  }).catch(() => undefined)
  return seen
}

it(`after ${aborts} requests given up, ${reloads} reloads and ${webSockets} WebSockets all is as before`, {
  timeout: 240_000,
}, async () => {
  const pid = (await gateway.status()).workers[0]?.pid ?? 0
  // What is made once, on first use, belongs to the base line.
  const warm = startLoad(`${gateway.url}/open/x`, 8)
  await until(() => warm.sent() > 3_000, 60_000)
  expect((await warm.stop()).failed).toEqual([])
  await abortMany(1_000)
  const base = await settled(pid)
  const idle = { connections: 0, upstreamConnections: 0, inFlight: 0, tunnels: 0 }
  expect(base).toMatchObject(idle)
  const activeBefore = await active(pid)
  const residentBefore = residentBytes(pid)

  await abortMany(aborts)
  const afterAborts = await settled(pid, base.files)
  expect(afterAborts).toMatchObject(idle)
  expect(afterAborts.files).toBeLessThanOrEqual(base.files)
  await expectActive(pid, activeBefore)
  for (let at = 0; at < reloads; at++) {
    const { generation } = await gateway.status()
    writeFileSync(
      gateway.configFile,
      JSON.stringify({ ...configuration, gateway: { trace: { accepted: at % 2 === 0 } } }),
    )
    await until(async () => (await gateway.status()).generation > generation)
  }
  await chatMany(webSockets)
  const afterChats = await settled(pid, base.files)
  expect(afterChats).toMatchObject(idle)
  expect(afterChats.files).toBeLessThanOrEqual(base.files)
  const afterReloads = await settled(pid, base.files)
  expect(afterReloads).toMatchObject(idle)
  expect(afterReloads.files).toBeLessThanOrEqual(base.files)
  await expectActive(pid, activeBefore)
  const grown = residentBytes(pid) - residentBefore
  const grownMib = (grown / 1_048_576).toFixed(1)
  process.stdout.write(
    `${JSON.stringify(activeBefore)}, before and after ${aborts} aborts, ${reloads} reloads, ${webSockets} WebSockets: ${grownMib} MiB more, ${process.version}\n`,
  )
  expect(grown).toBeLessThan(growthBytesMax)
  expect((await send(`${gateway.url}/open/x`)).status).toBe(200)
})
