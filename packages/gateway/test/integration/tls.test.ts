import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLine, environment, filesBelow, findLeaks } from '../support/find-leaks.ts'
import { makeCertificate, type Pair } from '../support/make-certificate.ts'
import { type Answer, cleanUp, type GatewayProcess, makeFolder, send, startGateway, until } from './gateway-process.ts'

const day = 24 * 3_600_000
const root = makeCertificate({ name: 'root', ca: true })
const first = issue('first', ['a.example', 'localhost'])
const second = issue('second', ['*.b.example'])
const clients = makeCertificate({ name: 'clients', ca: true })
const client = makeCertificate({ name: 'client', issuer: clients })

function issue(
  name: string,
  names: readonly string[],
  wish: Partial<Parameters<typeof makeCertificate>[0]> = {},
): Pair {
  return makeCertificate({ name, names, issuer: root, ...wish })
}

interface TlsAnswer extends Answer {
  /** Common name of the certificate that was shown. */
  readonly shown: string
  readonly session: Buffer | undefined
  readonly reused: boolean
  /** The worker that answered. */
  readonly worker: string
}

interface Call {
  readonly port: number
  readonly path?: string
  readonly servername?: string
  readonly host?: string
  readonly session?: Buffer | undefined
  readonly client?: Pair
}

/** One HTTPS request on a connection of its own. */
function call({ port, path = '/', servername = 'a.example', host = servername, session, client: own }: Call) {
  return new Promise<TlsAnswer>((resolve, reject) => {
    let ticket: Buffer | undefined
    const options: RequestOptions & ConnectionOptions = {
      host: '127.0.0.1',
      port,
      path,
      servername,
      ...(session === undefined ? {} : { session }),
      ca: root.certificate,
      checkServerIdentity: () => undefined,
      headers: host === '' ? {} : { Host: host },
      agent: false,
      timeout: 20_000,
      ...(own === undefined ? {} : { cert: own.certificate, key: own.privateKey }),
    }
    const sent = request(options)
    sent.on('socket', (socket) => socket.on('session', (given: Buffer) => (ticket = given)))
    sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')))
    sent.on('error', reject)
    sent.on('response', (response) => {
      const socket = response.socket as TLSSocket
      const shown = String(socket.getPeerCertificate().subject?.CN ?? '')
      const reused = socket.isSessionReused()
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const worker = String(response.headers['jotgate-decision']).split('-')[1] ?? ''
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body, shown, reused, session: ticket, worker })
      })
    })
    sent.end()
  })
}

let upstream: Server
let upstreamPort = 0

beforeAll(async () => {
  upstream = createServer((incoming, answer) => {
    if (incoming.url === '/slow') setTimeout(() => answer.end('slow'), 1000)
    else answer.end(JSON.stringify(incoming.headers))
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  upstreamPort = (upstream.address() as AddressInfo).port
})

afterAll(async () => {
  await cleanUp()
  upstream.close()
})

interface Folder {
  readonly path: string
  /** Writes a certificate, with its issuer behind, and its key. */
  readonly write: (name: string, pair: Pair) => void
}

function folderOf(pairs: Readonly<Record<string, Pair>>): Folder {
  const path = makeFolder()
  const write: Folder['write'] = (name, pair) => {
    writeFileSync(join(path, `${name}.pem`), pair.certificate + root.certificate)
    writeFileSync(join(path, `${name}.key`), pair.privateKey, { mode: 0o600 })
  }
  for (const [name, pair] of Object.entries(pairs)) write(name, pair)
  writeFileSync(join(path, 'clients.pem'), clients.certificate)
  return { path, write }
}

function reference(name: string): object {
  return { certificate: `\${file:${name}.pem}`, privateKey: `\${file:${name}.key}` }
}

function configOf(listeners: readonly object[]): object {
  return {
    version: 1,
    gateway: { listeners: listeners.map((listener) => ({ address: '127.0.0.1', port: 0, ...listener })) },
    apis: {
      all: { listen: { path: '/' }, access: 'public', upstream: { targets: [`http://127.0.0.1:${upstreamPort}`] } },
    },
  }
}

/** Lines of the gateway's log about one event. */
function told(gateway: GatewayProcess, event: string): readonly Record<string, unknown>[] {
  const lines = gateway
    .output()
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('a gateway with TLS', () => {
  let gateway: GatewayProcess
  let folder: Folder
  let ports: readonly number[] = []
  let plain = 0
  let mutual = 0

  beforeAll(async () => {
    folder = folderOf({ first, second })
    gateway = await startGateway({
      folder: folder.path,
      config: configOf([
        { publicUrl: 'https://a.example', tls: { certificates: [reference('first'), reference('second')] } },
        {},
        {
          tls: {
            certificates: [reference('first')],
            clientCertificate: 'require',
            clientCa: '${file:clients.pem}',
            minVersion: '1.3',
          },
        },
      ]),
    })
    const ready = told(gateway, 'ready')[0] as unknown as { listeners: readonly { port: number; tls: boolean }[] }
    expect(ready.listeners.map(({ tls }) => tls)).toEqual([true, false, true])
    ports = ready.listeners.map(({ port }) => port)
    plain = ports[1] ?? 0
    mutual = ports[2] ?? 0
  })

  it('names every port when it is ready, and serves each in its own way', async () => {
    expect(new Set(ports).size).toBe(3)
    const { status, body } = await send(`http://127.0.0.1:${plain}/`)
    expect([status, JSON.parse(body)['x-forwarded-proto']]).toEqual([200, 'http'])
    expect(await call({ port: gateway.port })).toMatchObject({ status: 200, body: expect.stringContaining('"https"') })
  })

  it.each([
    ['a.example', 'first'],
    ['shop.b.example', 'second'],
    ['nobody.example', 'first'],
    ['', 'first'],
  ])('shows for the name %j the certificate of %s', async (servername, shown) => {
    const host = servername === '' ? '127.0.0.1' : servername
    expect(await call({ port: gateway.port, servername, host })).toMatchObject({ status: 200, shown })
  })

  it('S12 a host that another certificate answers to is 421, and says why to the operator alone', async () => {
    const { status, body, headers } = await call({ port: gateway.port, host: 'x.b.example' })
    expect([status, JSON.parse(body).code]).toEqual([421, 'misdirected_request'])
    const id = String(headers['jotgate-decision'])
    const authorization = { Authorization: `Bearer ${gateway.adminToken}` }
    const decision = await send(`${gateway.adminUrl}/decisions/${id}`, { headers: authorization })
    expect(JSON.parse(decision.body)).toMatchObject({ outcome: 'refused', reason: 'misdirected_request' })
  })

  it('adds no Strict-Transport-Security: that is for the API to say', async () => {
    for (const host of ['a.example', 'x.b.example']) {
      expect((await call({ port: gateway.port, host })).headers['strict-transport-security']).toBeUndefined()
    }
  })

  it('answers plain HTTP on a TLS port in plain words', async () => {
    const answer = await send(`http://127.0.0.1:${gateway.port}/`)
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' } })
    expect(answer.body).toContain('https://')
  })

  it.each([
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const)('%s is spoken: %s', async (version, spoken) => {
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port: gateway.port,
        servername: 'a.example',
        ca: root.certificate,
        minVersion: 'TLSv1.1',
        maxVersion: version,
        ciphers: 'DEFAULT:@SECLEVEL=0',
        ALPNProtocols: ['http/1.1'],
      })
      socket.on('secureConnect', () => {
        resolve(`${socket.getProtocol()} ${socket.alpnProtocol}`)
        socket.destroy()
      })
      socket.on('error', () => resolve('refused'))
    })
    expect(outcome).toBe(spoken ? `${version} http/1.1` : 'refused')
  })

  it('resumes a session on another worker', async () => {
    const { session, worker } = await call({ port: gateway.port })
    const other = await until(async () => {
      const again = await call({ port: gateway.port, session })
      expect(again.reused).toBe(true)
      return again.worker !== worker && again
    })
    expect(other).toMatchObject({ status: 200, reused: true })
  })

  it('S36 lets nobody in without a client certificate where one is required, or with a strange one', async () => {
    expect((await call({ port: mutual, client })).status).toBe(200)
    await expect(call({ port: mutual })).rejects.toThrow()
    await expect(call({ port: mutual, client: makeCertificate({ name: 'client' }) })).rejects.toThrow()
    // A ticket of a port that asks for none opens nothing here.
    const { session } = await call({ port: gateway.port })
    await expect(call({ port: mutual, session })).rejects.toThrow()
  })

  it('counts handshakes, and tells of failed ones without a word of what was sent', async () => {
    const { body } = await send(`${gateway.adminUrl}/metrics`, {
      headers: { Authorization: `Bearer ${gateway.adminToken}` },
    })
    for (const name of [
      'handshakes',
      'sessions_resumed',
      'handshakes_failed',
      'plain_http',
      'client_certificates_refused',
    ]) {
      expect(Number(new RegExp(`^jotgate_tls_${name}_total (\\d+)$`, 'm').exec(body)?.[1])).toBeGreaterThan(0)
    }
    const ends = [
      ...body.matchAll(/^jotgate_certificate_not_after_seconds\{listener="(\d)",certificate="(\d)"\} (\d+)$/gm),
    ]
    expect(ends.map(([, listener, index]) => `${listener}${index}`)).toEqual(['00', '01', '20'])
    expect(Number(ends[0]?.[3])).toBeCloseTo(Date.now() / 1000 + 90 * 24 * 3600, -3)
    await until(() => told(gateway, 'tls_failed').length > 0)
  })

  it('no private key and no ticket key is shown, logged, stored or passed on a command line', async () => {
    const headers = { Authorization: `Bearer ${gateway.adminToken}` }
    const shown = await send(`${gateway.adminUrl}/config`, { headers })
    expect(JSON.parse(shown.body)).toMatchObject({
      document: {
        gateway: {
          listeners: [
            { tls: { certificates: [{ certificate: '[certificate]', privateKey: '[hidden]' }, {}] } },
            {},
            {},
          ],
        },
      },
    })
    const { pid, workers } = await gateway.status()
    const pids = [gateway.process.pid ?? 0, pid, ...workers.map((worker) => worker.pid)]
    const secrets = [first, second].map(({ privateKey }) => privateKey.split('\n')[1] ?? '')
    expect(secrets.every((secret) => secret.length === 64)).toBe(true)
    const places = [
      ['the log', gateway.output()] as const,
      ['/config', shown.body] as const,
      ...filesBelow(join(folder.path, 'data')),
      ...pids.map(commandLine),
      ...workers.map((worker) => environment(worker.pid)),
    ]
    expect(findLeaks(places, secrets)).toEqual([])
  })
})

describe('S21 certificates change while a gateway runs', () => {
  let gateway: GatewayProcess
  let folder: Folder
  const shown = async (): Promise<string> => (await call({ port: gateway.port })).shown

  beforeAll(async () => {
    folder = folderOf({ first })
    gateway = await startGateway({
      folder: folder.path,
      config: configOf([{ tls: { certificates: [reference('first')] } }]),
    })
  })

  const file = (kind: 'pem' | 'key'): string => join(folder.path, `first.${kind}`)

  /** The next refused reload, and what was wrong with it. */
  async function refusal(change: () => void): Promise<readonly unknown[]> {
    const before = told(gateway, 'config_refused').length
    const problems = told(gateway, 'config_problem').length
    change()
    await until(() => told(gateway, 'config_refused').length > before)
    await until(() => told(gateway, 'config_problem').length > problems)
    return told(gateway, 'config_problem')
      .slice(problems)
      .map(({ code }) => code)
  }

  it('a new pair is shown by every worker, under load, and not one request fails', async () => {
    const failed: string[] = []
    let stopped = false
    let sent = 0
    const lanes = Array.from({ length: 6 }, async () => {
      while (!stopped) {
        sent += 1
        const answer = await call({ port: gateway.port }).catch((error: unknown) => ({ status: String(error) }))
        if (answer.status !== 200) failed.push(String(answer.status))
      }
    })
    for (const name of ['second life', 'third life', 'fourth life']) {
      folder.write('first', issue(name, ['a.example']))
      await until(async () => (await shown()) === name)
    }
    const workers = new Set<string>()
    await until(async () => {
      const answer = await call({ port: gateway.port })
      expect(answer.shown).toBe('fourth life')
      return workers.add(answer.worker).size === 2
    })
    stopped = true
    await Promise.all(lanes)
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(50)
  })

  it('half a pair is not taken up: the old one stays, and the other half completes it', async () => {
    const next = issue('both halves', ['a.example'])
    const codes = await refusal(() => writeFileSync(join(folder.path, 'first.pem'), next.certificate))
    expect(codes).toContain('key_mismatch')
    expect(await shown()).toBe('fourth life')
    writeFileSync(join(folder.path, 'first.key'), next.privateKey)
    await until(async () => (await shown()) === 'both halves')
  })

  it.each<readonly [string, () => void, string]>([
    ['cut off', () => writeFileSync(file('pem'), first.certificate.slice(0, 400)), 'malformed_chain'],
    ['empty', () => writeFileSync(file('pem'), ''), 'reference_empty'],
    ['gone', () => rmSync(file('key')), 'reference_missing'],
    [
      'expired',
      () => folder.write('first', issue('x', ['a.example'], { fromMs: 0, toMs: Date.now() - day })),
      'tls_certificate_expired',
    ],
    [
      'not yet valid',
      () => folder.write('first', issue('x', ['a.example'], { fromMs: Date.now() + day })),
      'tls_certificate_not_yet_valid',
    ],
    [
      'with a weak key',
      () => folder.write('first', issue('x', ['a.example'], { keyType: 'rsa', rsaBits: 1024 })),
      'weak_certificate_key',
    ],
    [
      'swapped with its key',
      () => folder.write('first', { ...first, certificate: first.privateKey, privateKey: first.certificate }),
      'private_key_in_certificate',
    ],
  ])('a certificate that is %s is refused, the log says so, and the old one stays', async (_name, change, code) => {
    expect(await refusal(change)).toContain(code)
    expect(await shown()).toBe('both halves')
  })

  it('a good one afterwards is taken up', async () => {
    folder.write('first', issue('mended', ['a.example']))
    await until(async () => (await shown()) === 'mended')
  })

  it('another port, one more listener or TLS turned off is said to need a restart; the rest is in force', async () => {
    const tls = { certificates: [reference('first')] }
    const changed = configOf([{ tls, publicUrl: 'https://new.example' }, { port: 1 }])
    writeFileSync(gateway.configFile, JSON.stringify(changed))
    await until(() => told(gateway, 'config_problem').some(({ code }) => code === 'restart_needed'))
    expect(told(gateway, 'config_problem').at(-1)).toMatchObject({
      level: 'warn',
      code: 'restart_needed',
      path: 'gateway.listeners[1]',
      hint: expect.stringContaining('restart'),
    })
    expect((await call({ port: gateway.port })).status).toBe(200)
  })
})

describe('the end of a gateway with TLS', () => {
  it('finishes what is under way and ends in order', async () => {
    const folder = folderOf({ first })
    const gateway = await startGateway({
      folder: folder.path,
      config: configOf([{ tls: { certificates: [reference('first')] } }, {}]),
    })
    const slow = call({ port: gateway.port, path: '/slow' })
    await new Promise((resolve) => setTimeout(resolve, 300))
    gateway.process.kill('SIGTERM')
    expect(await slow).toMatchObject({ status: 200, body: 'slow' })
    expect(await gateway.exited).toBe(0)
  })

  it('does not begin with a certificate that cannot be shown, and says where it stands', async () => {
    const folder = folderOf({ first: { ...first, privateKey: second.privateKey } })
    const config = configOf([{ tls: { certificates: [reference('first')] } }])
    await expect(startGateway({ folder: folder.path, config })).rejects.toThrow(/jotgate\.json:\d+:\d+ key_mismatch/)
  })
})
