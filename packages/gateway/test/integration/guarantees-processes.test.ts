import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent, createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cleanUp, type GatewayProcess, makeFolder, runToEnd, send, startGateway, until } from './gateway-process.ts'

let upstream: Server
let target: string
beforeAll(async () => {
  upstream = createServer((_request, response) => response.end('upstream'))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  target = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(() => upstream.close())
afterEach(cleanUp)

const canary = 'canary-of-the-environment-9f3b'

/** An open API, one with introspection, whose client secret is in the environment, and one with a secret in a file. */
function config(secretFile = 'secret'): object {
  const api = (path: string, access: unknown): object => ({ listen: { path }, upstream: { targets: [target] }, access })
  return {
    version: 1,
    issuers: {
      asked: {
        issuer: 'https://asked.example',
        introspection: {
          endpoint: 'https://asked.example/introspect',
          clientId: 'gateway',
          clientSecret: '${env:JOTGATE_CANARY}',
        },
        audiences: ['a'],
      },
      shared: {
        issuer: 'https://shared.example',
        keys: { sharedSecret: `\${file:${secretFile}}` },
        algorithms: ['HS256'],
        audiences: ['a'],
      },
    },
    apis: {
      open: api('/open', 'public'),
      asked: api('/asked', { issuers: ['asked'] }),
      shared: api('/shared', { issuers: ['shared'] }),
    },
  }
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = makeFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  return folder
}

const secret = 'a-secret-of-exactly-forty-one-characters!'
const env = { JOTGATE_CANARY: canary, DATABASE_URL: `postgres://${canary}` }

async function workerPids(gateway: GatewayProcess): Promise<readonly number[]> {
  return (await gateway.status()).workers.map(({ pid }) => pid)
}

describe('S22 a worker', () => {
  it('starts with an empty environment, without native add-ons, and with no secret on its command line', async () => {
    const gateway = await startGateway({ config: config(), folder: folderWith({ secret }), env })
    for (const pid of await workerPids(gateway)) {
      const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map((entry) => entry.split('=', 1)[0])
      // What Node itself needs for the channel to its parent.
      expect(
        names.filter((name) => !/^(NODE_UNIQUE_ID|NODE_CHANNEL_(FD|SERIALIZATION_MODE)|)$/.test(name ?? '')),
      ).toEqual([])
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      expect(commandLine.split('\0')).toContain('--no-addons')
      for (const text of [canary, secret, gateway.adminToken]) expect(commandLine).not.toContain(text)
    }
  })

  it('loads its own code and a bounded map, and nothing of what control and the admin port use', async () => {
    const folder = folderWith({ secret })
    const hook = join(folder, 'hook.mjs')
    const loader = `import { appendFileSync } from 'node:fs'
export async function resolve(name, context, next) {
  const found = await next(name, context)
  appendFileSync(${JSON.stringify(join(folder, 'loaded-'))} + process.pid, found.url + '\\n')
  return found
}`
    const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(loader)}`)})`
    writeFileSync(hook, register)
    const gateway = await startGateway({ config: config(), folder, env, nodeArgs: ['--import', hook] })
    await send(`${gateway.url}/open`)
    for (const pid of await workerPids(gateway)) {
      const loaded = readFileSync(join(folder, `loaded-${pid}`), 'utf8').split('\n')
      expect(loaded.some((url) => url.endsWith('/app/worker/worker.js'))).toBe(true)
      const packages = loaded.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [])
      expect(packages.filter((name) => name !== 'lru-cache')).toEqual([])
      const rooms = new Set(loaded.flatMap((url) => /\/gateway\/dist\/([a-z]+)\//.exec(url)?.[1] ?? []))
      expect([...rooms].filter((room) => /^(admin|portal|issuer|store|cli|sandbox)$/.test(room))).toEqual([])
    }
  })
})

describe('S1 S24 loosenings', () => {
  it('are each named at start, with their place', async () => {
    const { issuers, apis } = config() as { issuers: { shared: object }; apis: { shared: { access: object } } }
    const shared = { ...issuers.shared, audiences: undefined, anyAudience: true }
    const loose = {
      ...config(),
      issuers: { ...issuers, shared },
      apis: { ...apis, shared: { ...apis.shared, routes: [{ path: '/free', override: true, access: 'public' }] } },
    }
    const gateway = await startGateway({ config: loose, folder: folderWith({ secret }), env, workers: 1 })
    expect(gateway.output()).toMatch(
      /any_audience.*issuers\.shared\.anyAudience|issuers\.shared\.anyAudience.*any_audience/,
    )
    expect(gateway.output()).toMatch(/route_override/)
    expect((await send(`${gateway.url}/shared/free`)).status).toBe(200)
    expect((await send(`${gateway.url}/shared/freed`)).status).toBe(401)
  })

  it('a pair of issuer and API without audience does not start', async () => {
    const { issuers } = config() as { issuers: { shared: object } }
    const shared = { ...issuers.shared, audiences: undefined }
    const { code, output } = await runToEnd({
      config: { ...config(), issuers: { ...issuers, shared } },
      folder: folderWith({ secret }),
      env,
    })
    expect([code, output.includes('audience_missing')]).toEqual([1, true])
  })
})

describe('S20 references', () => {
  it('a file elsewhere is refused through a link too, and no message holds what it says', async () => {
    const outside = folderWith({ key: `${canary}-in-a-file-outside-of-the-folder` })
    const folder = folderWith({})
    symlinkSync(join(outside, 'key'), join(folder, 'secret'))
    const { code, output } = await runToEnd({ config: config(), folder, env })
    expect(code).toBe(1)
    expect(output).toContain('reference_outside')
    expect(output).not.toContain(canary)
  })

  it('a folder that links elsewhere leads nowhere, and neither do dots', async () => {
    const outside = folderWith({ key: canary })
    const folder = folderWith({})
    mkdirSync(join(folder, 'data'), { mode: 0o700 })
    symlinkSync(outside, join(folder, 'linked'))
    for (const file of [
      'linked/key',
      `../${outside.split('/').at(-1)}/key`,
      join(outside, 'key'),
      '/proc/self/environ',
    ]) {
      const { code, output } = await runToEnd({ config: config(file), folder, env })
      expect([file, code, output.includes('reference_outside'), output.includes(canary)]).toEqual([
        file,
        1,
        true,
        false,
      ])
    }
  })
})

describe('S19 the admin port of a running gateway', () => {
  it('keeps its token in a file of its own user, and takes no other', async () => {
    const gateway = await startGateway({ config: config(), folder: folderWith({ secret }), env, workers: 1 })
    const data = join(gateway.folder, 'data')
    for (const name of readdirSync(data)) expect([name, statSync(join(data, name)).mode & 0o077]).toEqual([name, 0])
    expect(gateway.output()).not.toContain(gateway.adminToken)
    for (const path of [
      '/metrics',
      '/config',
      '/keys',
      '/status',
      '/decisions/x',
      '//metrics',
      '/%6detrics',
      '/healthz/../config',
    ]) {
      expect([path, await rawStatus(gateway, path, [])]).toEqual([path, 401])
    }
    const bearer = `Authorization: Bearer ${gateway.adminToken}`
    expect(await rawStatus(gateway, '/metrics', [bearer])).toBe(200)
    expect(await rawStatus(gateway, '/metrics', [bearer, 'Authorization: Bearer x'])).toBe(401)
  })

  it('a page whose name was rebound, another page and a target with a host of its own are refused', async () => {
    const gateway = await startGateway({ config: config(), folder: folderWith({ secret }), env, workers: 1 })
    const bearer = `Authorization: Bearer ${gateway.adminToken}`
    const { host } = new URL(gateway.adminUrl)
    expect(await rawStatus(gateway, '/metrics', [bearer], 'rebound.example')).toBe(421)
    expect(await rawStatus(gateway, '/metrics', [bearer, 'Host: rebound.example'])).toBe(421)
    expect(await rawStatus(gateway, 'http://127.0.0.1/metrics', [bearer])).toBe(421)
    for (const origin of ['null', 'http://127.0.0.1', `https://${host}`, `http://${host}.evil.example`]) {
      expect([origin, await rawStatus(gateway, '/metrics', [bearer, `Origin: ${origin}`])]).toEqual([origin, 403])
    }
    expect(await rawStatus(gateway, '/metrics', [bearer, `Origin: http://${host}`])).toBe(200)
  })

  it('the configuration in force shows no secret', async () => {
    const gateway = await startGateway({ config: config(), folder: folderWith({ secret }), env, workers: 1 })
    const headers = { Authorization: `Bearer ${gateway.adminToken}` }
    const { status, body } = await send(`${gateway.adminUrl}/config`, { headers })
    expect(status).toBe(200)
    expect(body).toContain('https://asked.example/introspect')
    for (const text of [canary, secret]) expect(body).not.toContain(text)
  })
})

/** The status of one request whose bytes are these. */
function rawStatus(gateway: GatewayProcess, path: string, lines: readonly string[], host?: string): Promise<number> {
  const admin = new URL(gateway.adminUrl)
  return new Promise((resolve, reject) => {
    let text = ''
    const head = [`GET ${path} HTTP/1.1`, `Host: ${host ?? admin.host}`, 'Connection: close', ...lines, '', '']
    const socket = connect(Number(admin.port), admin.hostname, () => socket.write(head.join('\r\n')))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(Number(text.slice(9, 12))))
  })
}

describe('S23 a log reader that stops or leaves', () => {
  it('stops no request, and neither grows nor ends the gateway', async () => {
    const gateway = await startGateway({ config: config(), folder: folderWith({ secret }), env, workers: 1 })
    const { stdout } = gateway.process
    const [pid = 0] = await workerPids(gateway)
    const residentMiB = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
    stdout?.pause()
    const path = `/open/${'x'.repeat(400)}`
    const agent = new Agent({ keepAlive: true })
    const serve = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += 20) {
        const answers = await Promise.all(Array.from({ length: 20 }, () => send(gateway.url + path, { agent })))
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      }
    }
    // More lines than the buffer of 4 MiB holds.
    await serve(8_000)
    expect(residentMiB()).toBeLessThan(250)
    stdout?.destroy()
    await serve(200)
    expect(await workerPids(gateway)).toEqual([pid])
    agent.destroy()
    const headers = { Authorization: `Bearer ${gateway.adminToken}` }
    await until(async () => {
      const { body } = await send(`${gateway.adminUrl}/metrics`, { headers })
      return Number(/^jotgate_log_lines_dropped_total(?:\{[^}]*\})? (\d+)$/m.exec(body)?.[1] ?? 0) > 0
    })
  })
})
