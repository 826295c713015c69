import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  cleanUp,
  type GatewayProcess,
  makeFolder,
  runToEnd,
  send,
  startGateway,
  startLoad,
  until,
} from './gateway-process.ts'

let upstream: Server
let target: string
let held: ServerResponse[]
beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.url?.endsWith('/held')) held.push(response)
    else response.end('upstream')
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(() => upstream.close())
beforeEach(() => {
  held = []
})
afterEach(cleanUp)

/** One open API per path. */
function config(...paths: readonly string[]): object {
  const apis = paths.map((path) => [
    path.slice(1),
    { listen: { path }, upstream: { targets: [target] }, access: 'public' },
  ])
  return { version: 1, apis: Object.fromEntries(apis) }
}

const statusOf = async (gateway: GatewayProcess, path: string): Promise<number> =>
  (await send(gateway.url + path)).status
const reaches = (gateway: GatewayProcess, generation: number): Promise<unknown> =>
  until(async () => (await gateway.status()).workers.filter((one) => one.generation >= generation).length === 2)

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(true))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

describe('start', () => {
  it('says in one line where it is found, and serves there with all workers', async () => {
    const gateway = await startGateway({ config: config('/a') })
    expect(await statusOf(gateway, '/a')).toBe(200)
    expect((await send(`${gateway.adminUrl}/readyz`)).status).toBe(200)
    expect((await gateway.status()).workers).toHaveLength(2)
    const lines = gateway.output().trim().split('\n')
    expect(lines.filter((line) => JSON.parse(line).event === 'ready')).toHaveLength(1)
  })

  it('a second gateway on the port is told that it is taken, by whom it cannot know, and how to go on', async () => {
    const { port } = await startGateway({ config: config('/a') })
    const { code, output } = await runToEnd({ config: config('/a'), port })
    expect(code).toBe(1)
    expect(output).toContain(`127.0.0.1:${port} is taken by another program; stop that one, or choose another port`)
  })

  it('a second gateway on the data directory is refused while the first lives', async () => {
    const first = await startGateway({ config: config('/a') })
    const { folder } = first
    const { code, output } = await runToEnd({ config: config('/a'), folder })
    expect(code).toBe(1)
    expect(output).toContain(`is in use by the gateway with pid ${first.process.pid}`)
    first.process.kill('SIGKILL')
    await first.exited
    await startGateway({ config: config('/a'), folder })
  })

  it('an invalid configuration is refused with every problem, and nothing is left running', async () => {
    const { code, output } = await runToEnd({ config: { version: 1, nonsense: 1, apis: { a: { upstrm: {} } } } })
    expect(code).toBe(1)
    expect(output).toContain('nonsense')
    expect(output).toContain('upstrm')
    expect(output).not.toContain('"event":"ready"')
  })
})

describe('S21 reload as an attack and as an accident', () => {
  it('a valid edit goes live on all workers without a failed request', async () => {
    const gateway = await startGateway({ config: config('/a') })
    const load = startLoad(`${gateway.url}/a`)
    for (let edit = 2; edit <= 6; edit += 1) {
      writeFileSync(gateway.configFile, JSON.stringify(config('/a', `/b${edit}`)))
      await reaches(gateway, edit)
    }
    const { sent, failed } = await load.stop()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(50)
    expect(await statusOf(gateway, '/b6')).toBe(200)
    expect(await statusOf(gateway, '/b5')).toBe(404)
  })

  it.each([
    ['empty', ''],
    ['half-written', JSON.stringify({ version: 1, apis: {} }).slice(0, -5)],
    ['without APIs said', '{"version":1}'],
    ['of an unknown key', '{"version":1,"apis":{},"nonsense":1}'],
  ])('a file that is %s changes nothing, is reported, and a good one after it goes live', async (_case, text) => {
    const gateway = await startGateway({ config: config('/a') })
    writeFileSync(gateway.configFile, text)
    await until(() => gateway.output().includes('"event":"config_refused"'))
    expect(await statusOf(gateway, '/a')).toBe(200)
    expect((await gateway.status()).generation).toBe(1)
    writeFileSync(gateway.configFile, JSON.stringify(config('/a', '/b')))
    await reaches(gateway, 2)
    expect(await statusOf(gateway, '/b')).toBe(200)
  })

  it('a missing file changes nothing, and a file renamed into its place goes live', async () => {
    const gateway = await startGateway({ config: config('/a') })
    rmSync(gateway.configFile)
    await until(() => gateway.output().includes('"event":"config_refused"'))
    expect(await statusOf(gateway, '/a')).toBe(200)
    const draft = join(gateway.folder, 'draft')
    writeFileSync(draft, JSON.stringify(config('/a', '/b')))
    renameSync(draft, gateway.configFile)
    await reaches(gateway, 2)
    expect(await statusOf(gateway, '/b')).toBe(200)
  })

  it('SIGHUP reads the file again', async () => {
    const gateway = await startGateway({ config: config('/a') })
    gateway.process.kill('SIGHUP')
    await until(() => (gateway.output().match(/"event":"config_in_force"/g)?.length ?? 0) >= 2)
    expect(await statusOf(gateway, '/a')).toBe(200)
  })

  it('no APIs can be said', async () => {
    const gateway = await startGateway({ config: { version: 1, apis: {} } })
    expect(await statusOf(gateway, '/a')).toBe(404)
  })
})

describe('processes that die or hang', () => {
  it('a killed worker is replaced, serves the generation in force, and the others never fail', async () => {
    const gateway = await startGateway({ config: config('/a') })
    writeFileSync(gateway.configFile, JSON.stringify(config('/a', '/b')))
    await reaches(gateway, 2)
    const [victim] = (await gateway.status()).workers
    process.kill(victim?.pid ?? 0, 'SIGKILL')
    await until(async () => {
      const { workers } = await gateway.status()
      return workers.length === 2 && workers.every(({ pid, generation }) => pid !== victim?.pid && generation === 2)
    })
    const load = startLoad(`${gateway.url}/b`)
    await until(() => load.sent() > 100)
    expect((await load.stop()).failed).toEqual([])
  })

  it('control killed under load: no request fails, and the next one takes reloads with a higher generation', async () => {
    const gateway = await startGateway({ config: config('/a') })
    const load = startLoad(`${gateway.url}/a`)
    const { pid } = await gateway.status()
    process.kill(pid, 'SIGKILL')
    const status = await until(async () => {
      const next = await gateway.status().catch(() => undefined)
      return (
        next !== undefined && next.workers.length === 2 && next.workers.every((one) => one.generation === 2) && next
      )
    })
    expect(status.pid).not.toBe(pid)
    writeFileSync(gateway.configFile, JSON.stringify(config('/a', '/b')))
    await reaches(gateway, 3)
    expect((await load.stop()).failed).toEqual([])
    expect(await statusOf(gateway, '/b')).toBe(200)
  })

  it('control that comes back to an unusable file takes over what workers serve, and gives it to new ones', async () => {
    const gateway = await startGateway({ config: config('/a') })
    writeFileSync(gateway.configFile, JSON.stringify(config('/a', '/b')))
    await reaches(gateway, 2)
    const before = await gateway.status()
    writeFileSync(gateway.configFile, 'nonsense')
    await until(() => gateway.output().includes('"event":"config_refused"'))
    process.kill(before.pid, 'SIGKILL')
    await until(() => gateway.output().includes('"event":"config_taken_over"'))
    for (const { pid } of before.workers) {
      process.kill(pid, 'SIGKILL')
      await until(async () => {
        const { workers } = await gateway.status()
        return workers.length === 2 && workers.every((one) => one.pid !== pid && one.generation === 2)
      })
    }
    expect(await statusOf(gateway, '/b')).toBe(200)
    expect((await send(`${gateway.adminUrl}/readyz`)).status).toBe(200)
    writeFileSync(gateway.configFile, JSON.stringify(config('/a', '/c')))
    await reaches(gateway, 3)
    expect(await statusOf(gateway, '/c')).toBe(200)
    expect(await statusOf(gateway, '/b')).toBe(404)
  })

  it('control stopped under load: no request fails, on kept or on new connections', async () => {
    const gateway = await startGateway({ config: config('/a') })
    const { pid } = await gateway.status()
    process.kill(pid, 'SIGSTOP')
    const load = startLoad(`${gateway.url}/a`)
    const stoppedMs = Date.now()
    await until(() => load.sent() > 500 && Date.now() - stoppedMs > 3000)
    expect((await load.stop()).failed).toEqual([])
    process.kill(pid, 'SIGCONT')
    writeFileSync(gateway.configFile, JSON.stringify(config('/a', '/b')))
    await reaches(gateway, 2)
  })

  it('workers that die again and again raise an alarm, and the slot is retried', async () => {
    const gateway = await startGateway({ config: config('/a') })
    const victims = new Set<number>()
    while (victims.size < 5) {
      const slot = await until(async () => {
        const { workers } = await gateway.status()
        return workers.find(({ number, pid }) => number === 0 && !victims.has(pid))
      })
      victims.add(slot.pid)
      process.kill(slot.pid, 'SIGKILL')
    }
    await until(() => gateway.output().includes('"event":"worker_crash_loop"'))
    await reaches(gateway, 1)
    expect(await statusOf(gateway, '/a')).toBe(200)
  })

  it('no child outlives a supervisor that was killed', async () => {
    const gateway = await startGateway({ config: config('/a') })
    const { pid, workers } = await gateway.status()
    gateway.process.kill('SIGKILL')
    const isAlive = (one: number): boolean => {
      try {
        return process.kill(one, 0)
      } catch {
        return false
      }
    }
    await until(() => ![pid, ...workers.map((worker) => worker.pid)].some(isAlive))
  })
})

describe('the end', () => {
  it('SIGTERM: readiness says no while requests are still taken, those in flight end, then exit 0', async () => {
    const gateway = await startGateway({ config: config('/a'), graceMs: 1000 })
    const inFlight = Array.from({ length: 8 }, () => send(`${gateway.url}/a/held`))
    await until(() => held.length === 8)
    gateway.process.kill('SIGTERM')
    await until(async () => (await send(`${gateway.adminUrl}/readyz`)).status === 503)
    expect(await statusOf(gateway, '/a')).toBe(200)
    await until(() => isRefused(gateway.port))
    for (const response of held) response.end('at last')
    expect((await Promise.all(inFlight)).map(({ status, body }) => `${status} ${body}`)).toEqual(
      Array(8).fill('200 at last'),
    )
    expect(await gateway.exited).toBe(0)
  })

  it('a request that never ends holds the end up no longer than the drain limit', async () => {
    const gateway = await startGateway({ config: config('/a'), drainMs: 300 })
    const endless = send(`${gateway.url}/a/held`).catch(() => 'broken')
    await until(() => held.length === 1)
    gateway.process.kill('SIGTERM')
    expect(await gateway.exited).toBe(0)
    expect(await endless).toBe('broken')
  })

  it('a second signal ends at once', async () => {
    const gateway = await startGateway({ config: config('/a'), drainMs: 60_000 })
    const endless = send(`${gateway.url}/a/held`).catch(() => 'broken')
    await until(() => held.length === 1)
    gateway.process.kill('SIGTERM')
    await until(() => gateway.output().includes('"event":"draining"'))
    gateway.process.kill('SIGTERM')
    await gateway.exited
    expect(await endless).toBe('broken')
  })
})

describe('the demo', () => {
  it('lets its own curl through and refuses the one without a token', async () => {
    const gateway = await startGateway({ folder: makeFolder() })
    const line = await until(() => /^\{.*"event":"demo".*\}$/m.exec(gateway.output())?.[0])
    const { accepted } = JSON.parse(line) as { accepted: string }
    const Authorization = /Authorization: (Bearer [^']+)/.exec(accepted)?.[1] ?? ''
    const answer = await send(`${gateway.url}/demo/hello?x=1`, { headers: { Authorization } })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ method: 'GET', path: '/hello', query: 'x=1' })
    expect(await statusOf(gateway, '/demo/hello')).toBe(401)
  })
})
