import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  cleanUp,
  type GatewayProcess,
  makeFolder,
  type StartSettings,
  send,
  startGateway,
  startLoad,
  until,
} from './gateway-process.ts'

const idleCount = process.env.JOTGATE_LONG === undefined ? 2_000 : 10_000
const kibibyte = 1024

let upstream: Server
let upstreamUrl: string
const sockets: Socket[] = []
let unmount: () => void = () => undefined

beforeEach(async () => {
  upstream = createServer((request, response) => {
    request.resume()
    if (request.url !== '/open/large') {
      request.on('end', () => response.end('ok'))
      return
    }
    response.writeHead(200, { 'Content-Length': 64 * kibibyte * kibibyte })
    for (let at = 0; at < 64; at++) response.write(Buffer.alloc(kibibyte * kibibyte, 'x'))
    response.end()
  })
  upstream.listen(0, '127.0.0.1')
  await new Promise((resolve) => upstream.once('listening', resolve))
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  unmount()
  await cleanUp()
  upstream.closeAllConnections()
  await new Promise((resolve) => upstream.close(resolve))
})

function start(limits: object, more: Partial<StartSettings> = {}): Promise<GatewayProcess> {
  const apis = { open: { listen: { path: '/open' }, access: 'public', upstream: { targets: [upstreamUrl] } } }
  return startGateway({ workers: 1, config: { version: 1, gateway: { limits }, apis }, ...more })
}

/** Opens connections that say this and, each tenth of a second, that; they end with the test. */
function openSlow(
  port: number,
  count: number,
  first: string,
  then = '',
  reads = true,
): { readonly closed: () => number } {
  let closed = 0
  for (let at = 0; at < count; at++) {
    const socket = connect(port, '127.0.0.1', () => socket.write(first))
    sockets.push(socket)
    if (then !== '') {
      const timer = setInterval(() => socket.writable && socket.write(then), 100)
      socket.on('close', () => clearInterval(timer))
    }
    if (reads) socket.resume()
    else socket.pause()
    socket.on('error', () => undefined)
    socket.on('close', () => {
      closed += 1
    })
  }
  return { closed: () => closed }
}

async function metric(gateway: GatewayProcess, name: string): Promise<number> {
  const headers = { Authorization: `Bearer ${gateway.adminToken}` }
  const { body } = await send(`${gateway.adminUrl}/metrics`, { headers })
  const value = new RegExp(`^jotgate_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(body)?.[1]
  return value === undefined ? expect.fail(`no metric ${name}`) : Number(value)
}

async function refusedFor(gateway: GatewayProcess, reason: string): Promise<number> {
  const headers = { Authorization: `Bearer ${gateway.adminToken}` }
  const { body } = await send(`${gateway.adminUrl}/metrics`, { headers })
  const lines = body
    .split('\n')
    .filter((line) => line.includes(`reason="${reason}"`) && line.includes('requests_total'))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * kibibyte
}

describe('S15: slow callers cost themselves, and nobody else', () => {
  const tight = { headTimeout: '1s', bytesPerSecond: '80KiB', slowAfter: '1s' }

  it.each([
    ['heads', 'GET /open/x HTTP/1.1\r\nHost: a\r\n', 'X: y\r\n', 'headers_timeout'],
    ['bodies', 'POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n', 'x', 'body_timeout'],
    ['readers', 'GET /open/large HTTP/1.1\r\nHost: a\r\n\r\n', '', 'caller_slow'],
  ])('200 slow %s', { timeout: 60_000 }, async (kind, first, then, reason) => {
    const gateway = await start(tight)
    const count = kind === 'readers' ? 50 : 200
    const load = startLoad(`${gateway.url}/open/x`, 4)
    const slow = openSlow(gateway.port, count, first, then, kind !== 'readers')
    await until(async () => (await refusedFor(gateway, reason)) === count, 40_000)
    if (kind !== 'readers') await until(() => slow.closed() === count)
    const { sent, failed } = await load.stop()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(20)
    await until(async () => (await metric(gateway, 'requests_in_flight')) === 0)
  })
})

describe('S15: connections', () => {
  const holder = fileURLToPath(new URL('../support/hold-connections.mjs', import.meta.url))

  it(`${idleCount} idle connections are held, in little memory, beside others`, { timeout: 120_000 }, async () => {
    // Two workers, as one may not be allowed to open two files for each of them.
    const gateway = await start({ connections: 20_000, connectionsPerAddress: 20_000 }, { workers: 2 })
    const { workers } = await gateway.status()
    const resident = (): number => workers.reduce((sum, { pid }) => sum + residentBytes(pid), 0)
    const warm = startLoad(`${gateway.url}/open/x`, 8)
    await until(() => warm.sent() > 2_000)
    await warm.stop()
    const before = resident()
    const bytes = 'GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n'
    const count = idleCount / 2
    const holders = Array.from({ length: 2 }, () =>
      spawn(process.execPath, [holder, JSON.stringify({ port: gateway.port, count, bytes })]),
    )
    const load = startLoad(`${gateway.url}/open/x`, 2)
    await Promise.all(holders.map((child) => until(() => child.stdout.read()?.toString().includes('open'), 60_000)))
    expect(await metric(gateway, 'caller_connections')).toBeGreaterThanOrEqual(idleCount)
    const perConnection = Math.round((resident() - before) / idleCount)
    process.stdout.write(`${idleCount} idle connections: ${perConnection} bytes each, ${process.version}\n`)
    expect(perConnection).toBeLessThan(40 * kibibyte)
    expect((await load.stop()).failed).toEqual([])
    for (const child of holders) child.kill('SIGKILL')
    await until(async () => (await metric(gateway, 'caller_connections')) < 10)
  })

  it('an address that holds too many is refused more, is told of once, and others are served', async () => {
    const gateway = await start({ connections: 1000, connectionsPerAddress: 20 })
    openSlow(gateway.port, 18, 'GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(async () => (await metric(gateway, 'caller_connections')) === 18)
    const over = openSlow(gateway.port, 12, 'GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => over.closed() === 10)
    expect(await metric(gateway, 'connections_refused_total')).toBe(10)
    await until(() => gateway.output().includes('"event":"connections_refused"'))
    expect(gateway.output().match(/"event":"connections_refused"/g)).toHaveLength(1)
    expect(gateway.output()).toContain('"bound":"gateway.limits.connectionsPerAddress"')
    const socket = connect({ port: gateway.port, host: '127.0.0.1', localAddress: '127.0.0.9' })
    sockets.push(socket)
    socket.write('GET /open/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(String(await new Promise((resolve) => socket.once('data', resolve)))).toContain('200 OK')
    for (const each of sockets.splice(0)) each.destroy()
    await until(async () => (await send(`${gateway.url}/open/x`).catch(() => undefined))?.status === 200)
  })

  it('with 256 files to open, callers at hand are served, those beyond are refused, and all is well afterwards', async () => {
    const gateway = await start({ connectionsPerAddress: 1000 }, { filesMax: 256 })
    const load = startLoad(`${gateway.url}/open/x`, 1)
    await until(() => load.sent() > 5)
    const flood = openSlow(gateway.port, 400, 'GET /open/x HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => flood.closed() > 250)
    const sent = load.sent()
    await until(() => load.sent() > sent + 50)
    const refused = [...gateway.output().matchAll(/"event":"connections_refused".*/g)]
    expect(refused).toHaveLength(1)
    expect(refused[0]?.[0]).toContain('"most":96')
    expect((await load.stop()).failed).toEqual([])
    for (const each of sockets.splice(0)) each.destroy()
    await until(async () => (await metric(gateway, 'caller_connections')) === 0)
    const after = startLoad(`${gateway.url}/open/x`, 4)
    await until(() => after.sent() > 100)
    expect((await after.stop()).failed).toEqual([])
  })
})

const mayMount = process.getuid?.() === 0 && process.platform === 'linux'

describe('a full disk under the data directory', () => {
  it.runIf(mayMount)('holds nothing up, is told in plain words, and is over when there is room again', async () => {
    const folder = makeFolder()
    const data = join(folder, 'data')
    mkdirSync(data, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', data])
    unmount = () => {
      execFileSync('umount', ['-l', data])
      unmount = () => undefined
    }
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
    let kid = 'first'
    const provider = createServer((_, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256' }] }))
    })
    provider.listen(0, '127.0.0.1')
    await new Promise((resolve) => provider.once('listening', resolve))
    const jwksUri = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`
    const issuer = { issuer: 'https://a.example', audiences: ['a'], keys: { jwksUri }, allowInsecureHttp: true }
    const config = {
      version: 1,
      issuers: { a: issuer },
      apis: { open: { listen: { path: '/open' }, access: 'public', upstream: { targets: [upstreamUrl] } } },
    }
    const gateway = await startGateway({ workers: 1, folder, config })
    const headers = { Authorization: `Bearer ${gateway.adminToken}`, 'Content-Type': 'application/json' }
    const refresh = () => send(`${gateway.adminUrl}/keys/a/refresh`, { method: 'POST', headers })
    const load = startLoad(`${gateway.url}/open/x`, 4)

    const filler = join(data, 'filler')
    for (let size = 256 * kibibyte; size > 0; size -= 4 * kibibyte) {
      try {
        writeFileSync(filler, Buffer.alloc(size))
        break
      } catch {
        // Not so much.
      }
    }
    kid = 'second'
    expect((await refresh()).body).toContain('second')
    await until(() => /cannot be written \(ENOSPC\)/.test(gateway.output()))
    writeFileSync(gateway.configFile, JSON.stringify({ ...config, gateway: { trace: { accepted: true } } }))
    await until(async () => (await gateway.status()).generation === 2)

    const before = gateway.output().length
    rmSync(filler)
    kid = 'third'
    expect((await refresh()).body).toContain('third')
    expect(gateway.output().slice(before)).not.toContain('ENOSPC')
    expect(statSync(data).isDirectory()).toBe(true)
    const { sent, failed } = await load.stop()
    expect([sent > 20, failed]).toEqual([true, []])
    provider.closeAllConnections()
    provider.close()
  })
})
