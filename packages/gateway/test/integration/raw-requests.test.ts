import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canary, get, type Row, type ToldReason, told } from '../raw/row.ts'
import { rowClasses } from '../raw/row-classes.ts'
import { selfSigned } from '../support/self-signed.ts'
import { type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { openWire, type Wire, type WireAnswer } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, makeFolder, startGateway, until } from './gateway-process.ts'

let upstream: StrictUpstream
let gateway: GatewayProcess
let tlsPort: number
const said: { readonly decision: string; readonly reason: string | undefined; readonly status: number }[] = []

beforeAll(async () => {
  upstream = await startStrictUpstream((request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${request.method === 'HEAD' ? '' : 'ok'}`)
  })
  const toUpstream = { upstream: { targets: [upstream.url] } }
  const folder = makeFolder()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeFileSync(join(folder, 'certificate.pem'), selfSigned(privateKey, 2))
  const certificates = [{ certificate: '${file:certificate.pem}', privateKey: '${file:key.pem}' }]
  gateway = await startGateway({
    folder,
    workers: 1,
    config: {
      version: 1,
      gateway: { listeners: [{}, { port: 0, tls: { certificates } }] },
      issuers: { acme: { issuer: 'https://id.test', keys: { jwks: { keys: [verificationKey] } }, audiences: ['a'] } },
      apis: {
        open: { listen: { path: '/open' }, ...toUpstream, access: 'public' },
        loose: {
          listen: { path: '/loose', allow: ['encodedSlash', 'emptySegments', 'parameters'] },
          ...toUpstream,
          access: 'public',
        },
        closed: { listen: { path: '/closed' }, ...toUpstream, access: { issuers: ['acme'] } },
      },
    },
  })
  const [ready = ''] = /^\{.*"event":"ready".*\}$/m.exec(gateway.output()) ?? []
  const { listeners } = JSON.parse(ready) as { readonly listeners: readonly { readonly port: number }[] }
  tlsPort = listeners[1]?.port ?? 0
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

/** A public key whose other half nobody keeps. */
const verificationKey = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })

/** Reads one answer and holds it against what was expected; remembers its decision for the log. */
function hold(answer: WireAnswer, expected: ToldReason | number, toHead: boolean): void {
  const decision = answer.headers.get('jotgate-decision')
  expect(decision, 'one decision id').toHaveLength(1)
  const reason = typeof expected === 'number' ? undefined : expected
  said.push({ decision: decision?.[0] ?? '', reason, status: answer.status })
  expect(answer.headers.get('date'), 'one Date').toHaveLength(1)
  if (typeof expected === 'number') {
    expect(answer.status).toBe(expected)
    expect(answer.body).toBe(toHead ? '' : 'ok')
    return
  }
  const [status, code] = told[expected]
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status })
  expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
  expect(answer.headers.get('cache-control')).toEqual(['no-store'])
  expect(answer.raw).not.toContain(canary)
  if (!toHead) expect(JSON.parse(answer.body)).toMatchObject({ code, status, decision: decision?.[0] })
}

/** Sends a row, in two writes when it is cut, and holds everything that comes of it against the row. */
async function run(
  { bytes, answers, reaches, after, toHead }: Row,
  cutAt = bytes.length,
  port = gateway.port,
): Promise<void> {
  const before = upstream.requests.length
  const wire = await openWire(port, undefined, port !== gateway.port)
  wire.write(bytes.slice(0, cutAt))
  if (cutAt < bytes.length) {
    await new Promise((resolve) => setImmediate(resolve))
    wire.write(bytes.slice(cutAt))
  }
  for (const expected of answers) hold(await wire.answer(toHead), expected, toHead)
  const probes = after === 'kept' ? await probe(wire) : []
  if (after === 'closed') await wire.closed
  expect(wire.unread()).toBe('')
  wire.destroy()
  const arrived = upstream.requests.slice(before).map(({ line, body }) => (body === '' ? line : `${line} ${body}`))
  expect(arrived.toSorted()).toEqual([...reaches, ...probes].toSorted())
  expect(upstream.faults).toEqual([])
}

/** A connection that is kept takes the next request. */
async function probe(wire: Wire): Promise<readonly string[]> {
  wire.write(get('/open/probe'))
  expect((await wire.answer()).status).toBe(200)
  return ['GET /open/probe HTTP/1.1']
}

describe.each(rowClasses)('$name ($clause)', ({ rows }) => {
  it.each(rows.map((row) => [row.what, row] as const))('%s', (_what, row) => run(row))

  it('the same in two writes, cut anywhere', async () => {
    for (const [at, row] of rows.entries()) {
      const cutAt = 1 + ((at * 7919) % (row.bytes.length - 1))
      await expect(run(row, cutAt), `${row.what}, cut at ${cutAt}`).resolves.toBeUndefined()
    }
  })
})

describe('over TLS, where what is written leaves later', () => {
  it.each(rowClasses.map(({ name, rows }) => [name, rows] as const))('%s', { timeout: 60_000 }, async (_name, rows) => {
    for (const row of rows) {
      await expect(run(row, undefined, tlsPort), row.what).resolves.toBeUndefined()
    }
  })
})

it('there are more than 2,000 of them', () => {
  expect(rowClasses.flatMap(({ rows }) => rows).length).toBeGreaterThan(2_000)
})

describe('the record of all of these', () => {
  it('is one line for each request, with the reason it was refused for, and nothing of what was sent', async () => {
    const last = said.at(-1)?.decision ?? ''
    await until(() => gateway.output().includes(last))
    const lines = new Map<string, Record<string, unknown>[]>()
    for (const line of gateway.output().trim().split('\n')) {
      const entry = JSON.parse(line) as Record<string, unknown>
      if (typeof entry.decision !== 'string') continue
      lines.set(entry.decision, [...(lines.get(entry.decision) ?? []), entry])
    }
    for (const { decision, reason, status } of said) {
      const entries = lines.get(decision) ?? []
      expect(entries, decision).toHaveLength(1)
      expect(entries[0]).toMatchObject({ status, peer: '127.0.0.1', ...(reason === undefined ? {} : { reason }) })
      expect(Date.now() - Date.parse(String(entries[0]?.time)), 'a time of now').toBeLessThan(120_000)
      expect(entries[0]?.durationMs).toBeLessThan(20_000)
    }
    expect(gateway.output()).not.toContain(canary)
  })
})
