import { readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate, type Pair } from '../support/make-certificate.ts'
import { plainAnswer, startStrictUpstream } from '../support/strict-upstream.ts'
import { cleanUp, type GatewayProcess, makeFolder, runToEnd, send, startGateway, until } from './gateway-process.ts'

const root = makeCertificate({ name: 'Private root', ca: true })
const serverPair = makeCertificate({ name: 'up', names: ['localhost'], issuer: root })
const clientPair = makeCertificate({ name: 'the gateway', issuer: root })

const closing: (() => unknown)[] = []
afterAll(async () => {
  await cleanUp()
  for (const close of closing) await close()
})

interface TlsUpstream {
  readonly port: number
  /** Common names of the certificates shown. */
  readonly callers: readonly string[]
}

/** An HTTPS upstream that lets nobody in without a certificate. */
async function tlsUpstream(): Promise<TlsUpstream> {
  const callers: string[] = []
  const sockets = new Set<TLSSocket>()
  const { privateKey: key, certificate: cert } = serverPair
  const server = createServer({ key, cert, requestCert: true, ca: root.certificate }, (socket) => {
    sockets.add(socket)
    callers.push(String(socket.getPeerCertificate().subject.CN))
    socket.on('error', () => undefined)
    socket.on('data', () => socket.write(plainAnswer))
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, callers }
}

function writePair(folder: string, name: string, { certificate, privateKey }: Pair): object {
  writeFileSync(join(folder, `${name}.pem`), certificate)
  writeFileSync(join(folder, `${name}.key`), privateKey, { mode: 0o600 })
  return { certificate: `\${file:${name}.pem}`, privateKey: `\${file:${name}.key}` }
}

const api = (path: string, upstream: object): object => ({ listen: { path }, upstream, access: 'public' })

async function decisionOf(gateway: GatewayProcess, id: unknown): Promise<string> {
  const { body } = await send(`${gateway.adminUrl}/decisions/${id}`, {
    headers: { Authorization: `Bearer ${gateway.adminToken}` },
  })
  return body
}

describe('S14 HTTPS upstreams through the product', () => {
  let gateway: GatewayProcess
  let upstream: TlsUpstream
  beforeAll(async () => {
    upstream = await tlsUpstream()
    const folder = makeFolder()
    writeFileSync(join(folder, 'root.pem'), root.certificate)
    const tls = { ca: `\${file:root.pem}`, clientCertificate: writePair(folder, 'client', clientPair) }
    const targets = [`https://localhost:${upstream.port}`]
    gateway = await startGateway({
      folder,
      workers: 1,
      config: {
        version: 1,
        apis: {
          good: api('/good', { targets, tls }),
          'wrong-name': api('/wrong-name', { targets, tls: { ...tls, serverName: 'other.example' } }),
          'usual-roots': api('/usual-roots', { targets }),
          anonymous: api('/anonymous', { targets, tls: { ca: tls.ca } }),
        },
      },
    })
  })

  it('an upstream of a private issuer is served and sees the client certificate', async () => {
    expect(await send(`${gateway.url}/good`)).toMatchObject({ status: 200, body: 'ok' })
    expect(upstream.callers).toContain('the gateway')
  })

  it.each([
    ['another name', '/wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['an issuer nobody named', '/usual-roots', 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['an upstream that knows no callers without a certificate', '/anonymous', 'ERR_SSL_|ECONNRESET|closed'],
  ])('%s is 502 with its reason in the decision, and no byte of a request arrives', async (_name, path, fault) => {
    const refused = await send(`${gateway.url}${path}`)
    expect(refused.status).toBe(502)
    expect(refused.body).not.toMatch(new RegExp(fault))
    const decision = await decisionOf(gateway, refused.headers['jotgate-decision'])
    expect(decision).toContain('upstream_refused')
    expect(decision).toMatch(new RegExp(fault))
  })

  it('the private key is in no answer, log line or view of the configuration', async () => {
    const { body } = await send(`${gateway.adminUrl}/config`, {
      headers: { Authorization: `Bearer ${gateway.adminToken}` },
    })
    expect(body).toContain('clientCertificate')
    const secret = readFileSync(join(gateway.folder, 'client.key'), 'utf8').split('\n')[1] ?? 'missing'
    for (const text of [body, gateway.output()]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain('PRIVATE KEY')
    }
  })

  it('a certificate replaced by a reload is shown on connections made from then on', async () => {
    writePair(gateway.folder, 'client', makeCertificate({ name: 'the renewed gateway', issuer: root }))
    await until(async () => {
      await send(`${gateway.url}/good`)
      return upstream.callers.includes('the renewed gateway')
    })
  })

  it('material that cannot be used is a problem of the configuration, at its place', async () => {
    const folder = makeFolder()
    writeFileSync(join(folder, 'root.pem'), 'no certificate')
    const broken = writePair(folder, 'client', { ...clientPair, privateKey: serverPair.privateKey })
    const targets = [`https://localhost:${upstream.port}`]
    const config = {
      version: 1,
      apis: {
        a: api('/a', { targets, tls: { ca: `\${file:root.pem}`, clientCertificate: broken } }),
        b: api('/b', { targets: ['http://127.0.0.1:1'], tls: {} }),
      },
    }
    const { code, output } = await runToEnd({ folder, config })
    expect(code).not.toBe(0)
    expect(output).toContain('malformed_chain')
    expect(output).toContain('key_mismatch')
    expect(output).toContain('upstream_tls_unused')
    expect(output).toContain('apis.a.upstream.tls.ca')
    expect(output).not.toContain('PRIVATE KEY')
  })
})

describe('S14 balancing and passive health through the product', () => {
  let gateway: GatewayProcess
  let broken = true
  let slowHeld: Socket[] = []
  const ports: number[] = []
  beforeAll(async () => {
    const ups = [
      await startStrictUpstream((_request, socket) => {
        if (broken) socket.destroy()
        else socket.write(plainAnswer.replace('ok', 'a!'))
      }),
      await startStrictUpstream(),
      await startStrictUpstream((_request, socket) => void slowHeld.push(socket)),
      await startStrictUpstream(),
    ]
    for (const up of ups) {
      ports.push(up.port)
      closing.push(up.close)
    }
    const urls = ups.map(({ url }) => url)
    gateway = await startGateway({
      workers: 1,
      config: {
        version: 1,
        apis: {
          health: api('/health', {
            targets: urls.slice(0, 2),
            balance: 'roundRobin',
            health: { failures: 2, ejectFor: '300ms' },
          }),
          busy: api('/busy', { targets: urls.slice(2) }),
        },
      },
    })
  })

  const metric = async (name: string): Promise<number> => {
    const { body } = await send(`${gateway.adminUrl}/metrics`, {
      headers: { Authorization: `Bearer ${gateway.adminToken}` },
    })
    return Number(new RegExp(`^jotgate_${name} (\\d+)$`, 'm').exec(body)?.[1] ?? Number.NaN)
  }

  it('a target that breaks off is passed over, told in log and metrics, and returns', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await send(`${gateway.url}/health`, { method: 'POST' })).status)
    expect(statuses.filter((status) => status === 502).length).toBe(2)
    const line = `"event":"upstream_ejected","rule":"apis.health.upstream","target":"127.0.0.1:${ports[0]}"`
    await until(() => gateway.output().includes(line))
    expect(await metric('upstream_ejections_total')).toBe(1)
    broken = false
    await until(async () => (await send(`${gateway.url}/health`)).body === 'a!')
    await until(() => gateway.output().includes('"event":"upstream_returned"'))
    expect(await metric('upstream_returns_total')).toBe(1)
    expect(await metric('upstream_targets_ejected')).toBe(0)
  })

  it('a target with more in flight gets nothing while another is free', async () => {
    const held = send(`${gateway.url}/busy`)
    const other = send(`${gateway.url}/busy`)
    await until(() => slowHeld.length === 1)
    await other
    for (let i = 0; i < 20; i++) expect((await send(`${gateway.url}/busy`)).status).toBe(200)
    expect(slowHeld.length).toBe(1)
    for (const socket of slowHeld) socket.write(plainAnswer)
    slowHeld = []
    expect((await held).status).toBe(200)
  })
})

describe('S12 trailers through the product', () => {
  let gateway: GatewayProcess
  let received = ''
  beforeAll(async () => {
    const { createServer: createTcpServer } = await import('node:net')
    const sockets = new Set<Socket>()
    const server = createTcpServer((socket) => {
      sockets.add(socket)
      let text = ''
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (!/\r\n0\r\n(.+\r\n)*\r\n$/.test(text)) return
        received = text
        text = ''
        const trailers = 'X-Checksum: abc\r\nSet-Cookie: a=b\r\nJotgate-Decision: forged\r\n'
        socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const { port } = server.address() as { port: number }
    gateway = await startGateway({
      workers: 1,
      config: { version: 1, apis: { open: api('/', { targets: [`http://127.0.0.1:${port}`] }) } },
    })
  })

  function call(te: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(gateway.port, '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (/\r\n0\r\n(.+\r\n)*\r\n$/.test(text)) {
          socket.destroy()
          resolve(text)
        }
      })
      const trailers = 'X-Sum: 123\r\nX-Forwarded-For: 6.6.6.6\r\nAuthorization: Bearer forged\r\n'
      socket.write(
        `POST / HTTP/1.1\r\nHost: a\r\n${te}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${trailers}\r\n`,
      )
    })
  }

  it('of a request reach the upstream without what belongs into a head', async () => {
    await call('')
    expect(received.slice(received.indexOf('\r\n0\r\n'))).toBe('\r\n0\r\nX-Sum: 123\r\n\r\n')
  })

  it('of an answer reach a caller that says `TE: trailers`, and no other', async () => {
    const asked = await call('TE: trailers\r\nConnection: TE\r\n')
    expect(asked.slice(asked.indexOf('\r\n0\r\n'))).toBe('\r\n0\r\nX-Checksum: abc\r\n\r\n')
    const silent = await call('')
    expect(silent.slice(silent.indexOf('\r\n0\r\n'))).toBe('\r\n0\r\n\r\n')
  })
})
