import '../../../test/support/mute-provider.ts'

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// @ts-expect-error the package ships no types
import Provider from 'oidc-provider'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGuardedFetch, systemResolve } from '../../outbound/guarded-fetch.ts'
import { createIntrospectionClient } from '../introspection/introspection-client.ts'
import type { KeySet } from '../key-set.ts'
import { createJwksClient, type JwksClient } from './jwks-client.ts'
import type { KeySourceTerms } from './jwks-client-state.ts'
import { createJwksStore, type KeyLogLine } from './jwks-store.ts'

function setTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}
const fetch = createGuardedFetch({ resolve: systemResolve, setTimer })

function makeKey(kid: string): object {
  const { publicKey } = generateKeyPairSync('ed25519')
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' }
}
const [k1, k2] = [makeKey('k1'), makeKey('k2')]

let data = ''
let url = ''
let server: Server
let serve: RequestListener
let requests = 0
const clients: JwksClient[] = []
const log: KeyLogLine[] = []

const jwks =
  (...keys: object[]): RequestListener =>
  (_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'jwks-client-'))
  requests = 0
  log.length = 0
  serve = jwks(k1)
  server = createServer((request, response) => {
    requests += 1
    response.on('error', () => {})
    serve(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks?secret=1`
})
afterEach(() => {
  for (const client of clients.splice(0)) client.stop()
  server.closeAllConnections()
  server.close()
  rmSync(data, { recursive: true })
})

const quality = {
  algorithmBits: -1,
  allowWeakSecret: false,
  allowSampleKey: false,
  allowExpiredCertificate: false,
  allowSmallExponent: false,
  allowLargeRsa: false,
}

function terms(more: Partial<KeySourceTerms> = {}): KeySourceTerms {
  return {
    issuerId: 'idp',
    jwksUris: [url],
    discovery: undefined,
    ttlMs: 600_000,
    cooldownMs: 30_000,
    maxStaleMs: 60_000,
    timeoutMs: 300,
    allowInsecureHttp: true,
    allowPrivate: [],
    quality,
    ...more,
  }
}

function start(more: Partial<KeySourceTerms> = {}): {
  readonly client: JwksClient
  readonly last: () => KeySet | undefined
} {
  const sets: KeySet[] = []
  const client = createJwksClient({
    fetch,
    store: createJwksStore(data, (line) => log.push(line)),
    nowMs: Date.now,
    random: Math.random,
    setTimer,
    log: (line) => log.push(line),
    onKeySet: (set) => sets.push(set),
  })
  clients.push(client)
  client.configure([terms(more)])
  return { client, last: () => sets.at(-1) }
}

async function startFresh(more: Partial<KeySourceTerms> = {}): Promise<ReturnType<typeof start>> {
  const started = start(more)
  await expect.poll(() => started.last()?.status, { timeout: 10_000 }).toBe('fresh')
  return started
}

const kidsOf = (set: KeySet | undefined): readonly (string | undefined)[] | undefined => set?.keys.map(({ kid }) => kid)

describe('S7: a real server that misbehaves leaves the last good keys in force, and is named in plain words', () => {
  it.each<[string, RequestListener, string]>([
    [
      'answers HTML',
      (_, response) => response.setHeader('content-type', 'text/html').end('<html><p>Sign in</p></html>'),
      'answered text/html (status 200), not a JWKS',
    ],
    [
      'answers 1 GiB',
      (_, response) => {
        let left = 1 << 30
        const more = (): void => {
          while (left > 0 && !response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) left -= 65_536
        }
        response.on('drain', more)
        more()
      },
      'answered more than 262144 bytes',
    ],
    ['hangs', () => {}, 'did not answer within 300 ms'],
    [
      'drips',
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      },
      'did not answer within 300 ms',
    ],
    [
      'redirects',
      (_, response) => response.writeHead(301, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
      'answered with a redirect (301 to http://169.254.169.254/latest/meta-data), and redirects are not followed',
    ],
    ['fails', (_, response) => response.writeHead(500).end(), 'answered with status 500'],
    ['hangs up', (request) => request.socket.destroy(), 'broke off its answer'],
  ])('%s', async (_, listener, words) => {
    const { client, last } = await startFresh()
    serve = listener
    const status = await client.refresh('idp')
    expect(status).toMatchObject({ status: 'stale', failuresInRow: 1 })
    expect(status?.lastError?.message).toContain(`/jwks ${words}`)
    expect(kidsOf(last())).toEqual(['k1'])
    expect(log.at(-1)).toMatchObject({ level: 'warn' })
    expect(JSON.stringify([status, log])).not.toContain('secret=1')
  })
})

describe('S7: against a real server', () => {
  it('an ETag saves the transfer; a rotation is seen all the same', async () => {
    let version = '"1"'
    let full = 0
    serve = (request, response) => {
      if (request.headers['if-none-match'] === version) return response.writeHead(304).end()
      full += 1
      response.setHeader('etag', version)
      return jwks(version === '"1"' ? k1 : k2)(request, response)
    }
    const { client, last } = await startFresh()
    await client.refetch('idp')
    expect([requests, full, kidsOf(last())]).toEqual([2, 1, ['k1']])
    version = '"2"'
    await client.refetch('idp')
    expect([requests, full, kidsOf(last())]).toEqual([3, 2, ['k2']])
  })

  it('outage: stale, then unavailable, then recovery by itself', async () => {
    const { last } = await startFresh({ ttlMs: 1000, maxStaleMs: 500 })
    serve = (request) => request.socket.destroy()
    await expect.poll(() => last()?.status, { timeout: 5000 }).toBe('stale')
    expect(kidsOf(last())).toEqual(['k1'])
    await expect.poll(() => last()?.status, { timeout: 5000 }).toBe('unavailable')
    expect(kidsOf(last())).toEqual([])
    serve = jwks(k1, k2)
    await expect.poll(() => last()?.status, { timeout: 10_000 }).toBe('fresh')
    expect(kidsOf(last())).toEqual(['k1', 'k2'])
  })

  it.each<[string, RequestListener]>([
    ['answers', jwks(k1)],
    ['fails', (_, response) => response.writeHead(503).end()],
    ['answers an empty set', jwks()],
  ])('10,000 unknown key ids cost a server that %s 4 fetches', async (_, listener) => {
    const { client } = await startFresh()
    serve = listener
    const before = requests
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 1000 }, () => client.refetch('idp')))
    }
    expect(requests - before).toBe(4)
  })

  it('distrust survives a restart; kept keys serve while the server is down; a damaged file does not stop the start', async () => {
    serve = jwks(k1, k2)
    const first = await startFresh()
    expect(first.client.distrust('idp', 'k1')?.saved).toBe(true)
    expect(kidsOf(first.last())).toEqual(['k2'])
    const { generation } = first.last() ?? expect.fail()
    first.client.stop()

    serve = (request) => request.socket.destroy()
    const second = start()
    expect(second.last()).toMatchObject({ status: 'fresh', generation })
    expect(kidsOf(second.last())).toEqual(['k2'])
    await expect.poll(() => second.last()?.status).toBe('stale')
    second.client.stop()

    for (const name of readdirSync(join(data, 'jwks'))) writeFileSync(join(data, 'jwks', name), '{"half":')
    const third = start()
    expect(third.last()?.status).toBe('unavailable')
    expect(log.some(({ level, message }) => level === 'error' && message.includes('damaged'))).toBe(true)
  })
})

describe('against oidc-provider', () => {
  it('keys are discovered, and opaque tokens introspected: live, revoked, never issued, wrong client secret', async () => {
    const origin = new URL(url).origin
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const provider = new Provider(origin, {
      jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'op1', use: 'sig', alg: 'RS256' }] },
      clients: [
        {
          client_id: 'gate:way',
          client_secret: 'p%ss word',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      features: {
        clientCredentials: { enabled: true },
        introspection: { enabled: true },
        revocation: { enabled: true },
        devInteractions: { enabled: false },
      },
    })
    serve = provider.callback()
    const { client, last } = await startFresh({
      jwksUris: [],
      discovery: { url: origin, issuer: origin },
      timeoutMs: 2000,
    })
    expect(kidsOf(last())).toEqual(['op1'])
    expect(client.status()[0]?.urls).toEqual([`${origin}/jwks`])

    const basic = `Basic ${btoa('gate%3Away:p%25ss+word')}`
    const post = async (path: string, body: string): Promise<string> => {
      const headers = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' }
      const request = {
        url: origin + path,
        method: 'POST',
        headers,
        body,
        timeoutMs: 2000,
        bodyBytesMax: 9999,
      } as const
      const answer = await fetch({ ...request, trust: 'operator', allowInsecureHttp: true, allowPrivate: [] })
      return answer.ok ? answer.value.body.toString() : expect.fail(answer.error.code)
    }
    const { access_token: token } = JSON.parse(await post('/token', 'grant_type=client_credentials'))

    const introspection = createIntrospectionClient({
      fetch,
      nowMs: Date.now,
      hashKey: Buffer.alloc(32, 1),
      log: () => {},
    })
    const asked = { issuerId: 'idp', endpoint: `${origin}/token/introspection`, clientId: 'gate:way', timeoutMs: 2000 }
    const rest = { cacheMs: 0, negativeCacheMs: 0, allowInsecureHttp: true }
    introspection.configure([{ ...asked, ...rest, clientSecret: 'p%ss word' }])
    expect(await introspection.introspect('idp', token)).toMatchObject({
      state: 'active',
      claims: { active: true, client_id: 'gate:way', token_type: 'Bearer', exp: expect.any(Number) },
    })
    await post('/token/revocation', `token=${token}`)
    expect(await introspection.introspect('idp', token)).toMatchObject({ state: 'inactive' })
    expect(await introspection.introspect('idp', 'never-issued')).toMatchObject({ state: 'inactive' })
    introspection.configure([{ ...asked, ...rest, clientSecret: 'wrong' }])
    expect(await introspection.introspect('idp', token)).toEqual({
      state: 'unavailable',
      fault: `${origin}/token/introspection refused the configured clientId and clientSecret (status 401)`,
      answered: false,
    })
  })
})
