import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import { makeCertificate, type Pair } from '../../../test/support/make-certificate.ts'
import {
  clockedPools,
  closeAfterEach,
  closing,
  loopback,
  sendOn,
  targetOf,
  upstreamPlan,
} from '../../../test/upstream/loopback-pools.ts'
import type { UpstreamTlsPlan } from '../../compile/plan.ts'

closeAfterEach()

const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
const root = makeCertificate({ name: 'Root', ca: true })
const server = makeCertificate({ name: 'up', names: ['up.example'], issuer: root })
const client = makeCertificate({ name: 'gateway', issuer: root })

interface TlsUpstream {
  readonly port: number
  readonly sockets: readonly TLSSocket[]
  readonly close: () => void
}

async function serve(over: TlsOptions = {}): Promise<TlsUpstream> {
  const sockets: TLSSocket[] = []
  const listening = createServer({ key: server.privateKey, cert: server.certificate, ...over }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => socket.write(hello))
  })
  listening.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as { port: number }
  return closing({
    port,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy()
      listening.close()
    },
  })
}

const tlsOf = (over: Partial<UpstreamTlsPlan> = {}): UpstreamTlsPlan => ({
  ca: root.certificate,
  serverName: undefined,
  clientCertificate: undefined,
  minVersion: 'TLSv1.2',
  ...over,
})

const shown = ({ certificate, privateKey }: Pair): UpstreamTlsPlan['clientCertificate'] => ({
  chain: certificate,
  privateKey,
})

describe('S14: an HTTPS upstream is who the configuration says', () => {
  it('its own issuer takes the place of the usual roots', async () => {
    const { port } = await serve()
    const other = makeCertificate({ name: 'Other root', ca: true })
    const plan = (tls: UpstreamTlsPlan | undefined, id: string) =>
      upstreamPlan([targetOf(port, 'tls', 'up.example')], { id, tls })
    const on = clockedPools({ lookup: loopback, ca: [root.certificate] })
    expect(await sendOn(on, plan(tlsOf(), 'private')).outcome).toMatchObject({ ok: true })
    expect(await sendOn(on, plan(undefined, 'usual')).outcome).toMatchObject({ ok: true })
    expect(await sendOn(on, plan(tlsOf({ ca: other.certificate }), 'other')).outcome).toMatchObject({
      reject: { reason: 'upstream_refused', fault: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    })
  })

  it('a certificate for another name is refused before a byte of the request leaves; serverName says which', async () => {
    const { port, sockets } = await serve()
    const on = clockedPools({ lookup: loopback })
    const target = [targetOf(port, 'tls', 'inside.example')]
    expect(await sendOn(on, upstreamPlan(target, { tls: tlsOf() })).outcome).toMatchObject({
      reject: { reason: 'upstream_refused', fault: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    })
    expect(sockets.every((socket) => socket.bytesRead === 0)).toBe(true)
    const named = upstreamPlan(target, { id: 'named', tls: tlsOf({ serverName: 'up.example' }) })
    expect(await sendOn(on, named).outcome).toMatchObject({ ok: true })
    expect(sockets.at(-1)?.servername).toBe('up.example')
  })

  it('shows its client certificate to an upstream that asks', async () => {
    const upstream = await serve({ requestCert: true, rejectUnauthorized: true, ca: root.certificate })
    const on = clockedPools({ lookup: loopback })
    const target = [targetOf(upstream.port, 'tls', 'up.example')]
    const tls = tlsOf({ clientCertificate: shown(client) })
    expect(await sendOn(on, upstreamPlan(target, { tls })).outcome).toMatchObject({ ok: true })
    expect(upstream.sockets[0]?.getPeerCertificate().subject.CN).toBe('gateway')
    expect(await sendOn(on, upstreamPlan(target, { id: 'without', tls: tlsOf() })).outcome).toMatchObject({
      reject: { reason: 'upstream_refused' },
    })
  })

  it('minVersion 1.3 refuses an upstream that speaks 1.2 at most', async () => {
    const { port } = await serve({ maxVersion: 'TLSv1.2' })
    const on = clockedPools({ lookup: loopback })
    const target = [targetOf(port, 'tls', 'up.example')]
    expect(await sendOn(on, upstreamPlan(target, { tls: tlsOf() })).outcome).toMatchObject({ ok: true })
    const strict = upstreamPlan(target, { id: 'strict', tls: tlsOf({ minVersion: 'TLSv1.3' }) })
    expect(await sendOn(on, strict).outcome).toMatchObject({ reject: { reason: 'upstream_refused' } })
  })

  it('connections made with earlier material are not used again after a reload', async () => {
    const upstream = await serve({ requestCert: true, rejectUnauthorized: true, ca: root.certificate })
    const on = clockedPools({ lookup: loopback })
    const target = [targetOf(upstream.port, 'tls', 'up.example')]
    const before = upstreamPlan(target, { id: 'a:1', tls: tlsOf({ clientCertificate: shown(client) }) })
    await sendOn(on, before).outcome
    const renewed = makeCertificate({ name: 'gateway renewed', issuer: root })
    const after = upstreamPlan(target, { id: 'a:2', tls: tlsOf({ clientCertificate: shown(renewed) }) })
    on.retain([after])
    expect(await sendOn(on, after).outcome).toMatchObject({ ok: true, reused: false })
    expect(upstream.sockets.at(-1)?.getPeerCertificate().subject.CN).toBe('gateway renewed')
    await vi.waitFor(() => expect(upstream.sockets[0]?.destroyed).toBe(true))
  })
})
