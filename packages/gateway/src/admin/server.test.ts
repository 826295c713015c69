import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminPorts } from './ports.ts'
import { adminRoutes } from './routes.ts'
import { type AdminServer, serveAdmin } from './server.ts'

const adminToken = 'the-token-of-this-test'
const bearer = { Authorization: `Bearer ${adminToken}` }
const decisionId = `${'ab'.repeat(16)}-0`
const done: string[] = []
let ready = true
let metricsPublic = false
let server: AdminServer

const ports: AdminPorts = {
  readiness: () => ({ ready, state: ready ? 'ready' : 'draining' }),
  metrics: async () => 'jotgate_up 1\n',
  decision: async (id) => (id === decisionId ? ({ id } as never) : undefined),
  explain: async ({ target }) => ({ path: target }) as never,
  keys: {
    status: () => [{ issuer: 'acme' }],
    refresh: async (issuerId) => {
      done.push(`refresh ${issuerId}`)
      return issuerId === 'acme' ? {} : undefined
    },
    distrust: (issuerId, kid) => {
      done.push(`distrust ${issuerId} ${kid}`)
      return issuerId === 'acme' ? { removed: [] } : undefined
    },
  },
  configuration: () => ({ generation: 3, loadedAtMs: 0, file: 'f', document: {}, warnings: [], refused: undefined }),
  status: () => {
    throw new Error('bug')
  },
}
const bugs: unknown[] = []

beforeAll(async () => {
  const settings = () => ({ hosts: ['gateway.internal'], metricsPublic })
  const onBug = (error: unknown): void => void bugs.push(error)
  server = await serveAdmin(ports, { address: '127.0.0.1', port: 0, adminToken, settings, onBug })
})
afterAll(() => server.close())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

function send(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, method, path, headers, agent: false as const }
    const sent = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('S19 the admin port', () => {
  it('answers health and readiness to everybody, and nothing else', async () => {
    for (const { method, path } of adminRoutes) {
      const { status } = await send(method, path.replace(':id', 'acme'))
      expect([path, status]).toEqual([path, path.endsWith('z') ? 200 : 401])
    }
    expect((await send('GET', '/nothing')).status).toBe(401)
    expect(done).toEqual([])
  })

  it.each([
    ['no scheme', adminToken],
    ['another scheme', `Basic ${adminToken}`],
    ['a token one longer', `Bearer ${adminToken}x`],
    ['a token one shorter', `Bearer ${adminToken.slice(1)}`],
    ['an empty token', 'Bearer '],
  ])('refuses %s', async (_case, Authorization) => {
    const { status, headers, body } = await send('GET', '/keys', { Authorization })
    expect(status).toBe(401)
    expect(headers['content-type']).toBe('application/problem+json')
    expect(body).not.toContain(adminToken)
  })

  it('serves /metrics without the token only where the configuration says so', async () => {
    expect((await send('GET', '/metrics')).status).toBe(401)
    expect((await send('GET', '/metrics', bearer)).body).toBe('jotgate_up 1\n')
    metricsPublic = true
    expect((await send('GET', '/metrics')).status).toBe(200)
    metricsPublic = false
  })

  it('a page whose name was rebound to this address is refused, token or not, and so is its readiness', async () => {
    for (const Host of ['evil.example', 'evil.example:8081', 'localhost.evil.example', '192.0.2.7', '[2001:db8::1]']) {
      for (const path of ['/keys', '/healthz']) {
        expect([Host, (await send('GET', path, { ...bearer, Host })).status]).toEqual([Host, 421])
      }
    }
  })

  it('a loopback or configured name is served', async () => {
    for (const Host of [
      'localhost',
      'localhost:8081',
      '127.0.0.1',
      '127.9.9.9:1',
      '[::1]:8081',
      'gateway.internal:80',
    ]) {
      expect([Host, (await send('GET', '/keys', { ...bearer, Host })).status]).toEqual([Host, 200])
    }
  })

  it('a form on another page is refused and does nothing', async () => {
    const form = { ...bearer, 'Content-Type': 'application/x-www-form-urlencoded' }
    for (const origin of ['https://evil.example', 'null', 'http://localhost:3000', 'http://127.0.0.1']) {
      const { status } = await send('POST', '/keys/acme/refresh', { ...form, Origin: origin })
      expect([origin, status]).toEqual([origin, 403])
    }
    expect((await send('POST', '/keys/acme/refresh', { ...bearer, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect((await send('POST', '/keys/acme/distrust', form, 'kid=k1')).status).toBe(400)
    expect(done).toEqual([])
  })

  it('answers no page from elsewhere that asks beforehand (no CORS headers)', async () => {
    const { headers, status } = await send('OPTIONS', '/keys', { Origin: 'https://evil.example' })
    expect(status).toBe(403)
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('a page of its own origin is served', async () => {
    const Host = `127.0.0.1:${server.port}`
    expect((await send('GET', '/keys', { ...bearer, Host, Origin: `http://${Host}` })).status).toBe(200)
  })
})

describe('the admin port', () => {
  it('is not ready while the gateway drains', async () => {
    ready = false
    expect(await send('GET', '/readyz')).toMatchObject({ status: 503, body: '{"status":"draining"}' })
    expect((await send('GET', '/healthz')).status).toBe(200)
    ready = true
  })

  it('finds a decision, and says when there is none', async () => {
    expect(JSON.parse((await send('GET', `/decisions/${decisionId}`, bearer)).body)).toEqual({ id: decisionId })
    expect((await send('GET', `/decisions/${'00'.repeat(16)}-0`, bearer)).status).toBe(404)
    expect((await send('GET', '/decisions/x%00', bearer)).status).toBe(404)
  })

  it('explains a described request and refuses what is none', async () => {
    const json = { ...bearer, 'Content-Type': 'application/json' }
    const described = { method: 'GET', target: '/orders', rawHeaders: ['Host', 'a'] }
    expect((await send('POST', '/explain', json, JSON.stringify(described))).body).toBe('{"path":"/orders"}')
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '{"method":"GET"}',
      '{"method":"GET","target":"/","rawHeaders":["odd"]}',
    ]) {
      expect([body, (await send('POST', '/explain', json, body)).status]).toEqual([body, 400])
    }
    expect((await send('POST', '/explain', json, ' '.repeat(300_000))).status).toBe(413)
  })

  it('refreshes and distrusts keys of issuers it knows', async () => {
    const json = { ...bearer, 'Content-Type': 'application/json' }
    expect((await send('POST', '/keys/acme/refresh', bearer)).status).toBe(200)
    expect((await send('POST', '/keys/acme/distrust', json, '{"kid":"k1"}')).status).toBe(200)
    expect((await send('POST', '/keys/other/refresh', bearer)).status).toBe(404)
    expect(done).toEqual(['refresh acme', 'distrust acme k1', 'refresh other'])
  })

  it('answers a bug with 500 and tells nobody outside what it was', async () => {
    const { status, body } = await send('GET', '/status', bearer)
    expect(status).toBe(500)
    expect(body).not.toContain('bug')
    expect(bugs).toHaveLength(1)
  })
})
