import { generateKey, type Jwk, signToken } from '@jotgate/signer'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePorts } from '../support/free-ports.ts'
import { pageFetch } from '../support/page-fetch.ts'
import { type StrictUpstream, startStrictUpstream } from '../support/strict-upstream.ts'
import { openWire, type WireAnswer } from '../support/wire-caller.ts'
import { type Answer, cleanUp, type GatewayProcess, send, startGateway } from './gateway-process.ts'

const iss = 'https://idp.example'
const aud = 'https://orders.test'
const app = 'https://app.example'

let gateway: GatewayProcess
let upstream: StrictUpstream
let privateJwk: Jwk

/** It answers every page, and says so in more than one spelling. */
const loose =
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: *\r\naccess_control_allow_credentials: true\r\n' +
  'Access-Control-Expose-Headers: X-Secret\r\nVary: Accept\r\nX-Page: 1\r\nX-Secret: 2\r\n\r\nok'

beforeAll(async () => {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  privateJwk = { ...made.privateJwk, kid: 'k' }
  upstream = await startStrictUpstream((_request, socket) => void socket.write(loose))
  const [closed = 0] = await freePorts(1)
  const cors = { origins: [app, 'http://localhost:5173'], exposeHeaders: ['X-Page'] }
  const api = (path: string, more: object, target = upstream.url): object => ({
    listen: { path },
    upstream: { targets: [target] },
    access: { issuers: ['main'] },
    ...more,
  })
  gateway = await startGateway({
    workers: 1,
    config: {
      version: 1,
      gateway: { listeners: [{ publicUrl: 'https://api.example' }], trace: { accepted: true } },
      issuers: { main: { issuer: iss, audiences: [aud], keys: { jwks: { keys: [{ ...made.publicJwk, kid: 'k' }] } } } },
      apis: {
        pages: api('/pages', { cors, methods: ['GET', 'POST', 'PUT'] }),
        cookies: api('/cookies', {
          cors: { ...cors, credentials: true },
          access: { issuers: ['main'], token: { cookie: 'session', origins: [app] } },
        }),
        everybody: api('/everybody', { access: 'public', cors: { origins: ['*'], headers: ['*'] } }),
        scoped: api('/scoped', { cors, access: { issuers: ['main'], require: { scopes: { all: ['read'] } } } }),
        broken: api('/broken', { cors, access: 'public' }, `http://127.0.0.1:${closed}`),
        plain: api('/plain', {}),
      },
    },
  })
})
beforeEach(() => expect(upstream.faults).toEqual([]))
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

function token(claims: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return signToken({ iss, aud, sub: 'somebody', iat: now, exp: now + 300, ...claims }, privateJwk, {})
}

/** Sends lines as they are and reads the answer to the last byte. */
async function wire(line: string, lines: readonly string[]): Promise<WireAnswer> {
  const caller = await openWire(gateway.port)
  caller.write([`${line} HTTP/1.1`, 'Host: gateway.test', 'Connection: close', ...lines, '', ''].join('\r\n'))
  const answer = await caller.answer()
  caller.destroy()
  return answer
}

function preflight(path: string, ...lines: readonly string[]): Promise<WireAnswer> {
  return wire(`OPTIONS ${path}`, lines)
}

async function decisionOf(
  answer: Answer | WireAnswer,
): Promise<{ outcome: string; reason?: string; rule?: { path: string } }> {
  const headers = answer.headers instanceof Map ? Object.fromEntries(answer.headers) : answer.headers
  const { body } = await send(`${gateway.adminUrl}/decisions/${headers['jotgate-decision']}`, {
    headers: { Authorization: `Bearer ${gateway.adminToken}` },
  })
  return JSON.parse(body)
}

describe('S18 a page of another site', () => {
  it('that is listed may call and read: the preflight carries no token, and no upstream sees it', async () => {
    const before = upstream.requests.length
    const headers = { Authorization: `Bearer ${await token()}`, 'Content-Type': 'application/json' }
    const answer = await pageFetch(app, `${gateway.url}/pages/1`, { method: 'PUT', headers })
    expect(answer).toMatchObject({ seen: true, status: 200, body: 'ok' })
    expect(answer.seen && Object.keys(answer.headers).sort()).toEqual(['content-length', 'jotgate-decision', 'x-page'])
    expect(upstream.requests.slice(before).map(({ line }) => line)).toEqual(['PUT /pages/1 HTTP/1.1'])
  })

  it.each([
    ['another origin', 'https://elsewhere.example', { method: 'PUT' }],
    ['the origin on another port', 'https://app.example:8443', { method: 'PUT' }],
    ['a page without an origin', 'null', { method: 'PUT' }],
    ['a method the API does not take', app, { method: 'DELETE' }],
    ['a header that is not listed', app, { headers: { 'X-Custom': '1' } }],
    ['cookies, which are not allowed', app, { method: 'PUT', credentials: true }],
  ])('does not get past the preflight: %s', async (_what, origin, request) => {
    const before = upstream.requests.length
    expect(await pageFetch(origin, `${gateway.url}/pages`, request)).toMatchObject({
      seen: false,
      endedBy: 'preflight',
    })
    expect(upstream.requests.length).toBe(before)
  })

  it('that is not listed may not read what it can have sent without asking', async () => {
    const sent = await pageFetch('https://elsewhere.example', `${gateway.url}/everybody`)
    expect(sent).toMatchObject({ seen: true, status: 200 })
    const withCookies = await pageFetch('https://elsewhere.example', `${gateway.url}/everybody`, { credentials: true })
    expect(withCookies).toMatchObject({ seen: false, endedBy: 'answer' })
    const pages = await pageFetch('https://elsewhere.example', `${gateway.url}/pages`)
    expect(pages).toMatchObject({ seen: false, endedBy: 'answer' })
  })

  it('with its own cookies reads where `credentials` says so, and only as that origin', async () => {
    const session = { Cookie: `session=${await token()}` }
    // The browser adds the cookie by itself: it is no header the page asks for.
    const answer = await wire('GET /cookies', [`Origin: ${app}`, `Cookie: ${session.Cookie}`])
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toEqual([app])
    expect(answer.headers.get('access-control-allow-credentials')).toEqual(['true'])
    expect(await pageFetch('http://localhost:5173', `${gateway.url}/cookies`, { credentials: true })).toMatchObject({
      seen: true,
      status: 401,
    })
  })
})

describe('S18 a refusal is told to the script that may read it', () => {
  it.each<[string, string, () => Promise<Record<string, string>>, number, string]>([
    ['no token', '/pages', async () => ({}), 401, 'token_missing'],
    ['a token that is none', '/pages', async () => ({ Authorization: 'Bearer x.y.z' }), 401, 'token_invalid'],
    ['a scope is missing', '/scoped', async () => ({ Authorization: `Bearer ${await token()}` }), 403, 'scope_missing'],
    ['two tokens', '/pages?access_token=x', async () => ({ Authorization: 'Bearer x' }), 400, 'token_ambiguous'],
    ['a path with two readings', '/pages/a%2fb', async () => ({}), 400, 'request_invalid'],
    ['the upstream is down', '/broken', async () => ({}), 502, 'upstream_unavailable'],
  ])('%s', async (_what, path, headers, status, code) => {
    const answer = await pageFetch(app, gateway.url + path, { headers: await headers() })
    if (!answer.seen) throw new Error(`not seen: ${JSON.stringify(answer.answer)}`)
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code])
    expect(answer.headers['jotgate-decision']).toMatch(/^[0-9a-f]{32}-\d+$/)
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer /)
  })

  it('a method the API does not take, when it is asked without a preflight', async () => {
    const answer = await wire('DELETE /pages', [`Origin: ${app}`])
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([405, [app]])
    expect(answer.headers.get('access-control-expose-headers')?.[0]).toContain(
      'WWW-Authenticate, Retry-After, jotgate-decision',
    )
  })

  it('what a challenge names is readable too: the metadata of the API (RFC 9728)', async () => {
    const answer = await pageFetch(app, `${gateway.url}/.well-known/oauth-protected-resource/pages`)
    expect(answer).toMatchObject({ seen: true, status: 200 })
    const elsewhere = await pageFetch(
      'https://elsewhere.example',
      `${gateway.url}/.well-known/oauth-protected-resource/pages`,
    )
    expect(elsewhere).toMatchObject({ seen: false })
  })
})

describe('S18 on the wire', () => {
  it('an answered preflight has permission, no content and no length, and is a decision of its own', async () => {
    const answer = await preflight(
      '/pages/x',
      `Origin: ${app}`,
      'Access-Control-Request-Method: PUT',
      'Access-Control-Request-Headers: authorization,content-type',
      'Access-Control-Request-Private-Network: true',
    )
    expect(answer.status).toBe(204)
    const { headers } = answer
    expect(Object.fromEntries([...headers].filter(([name]) => name !== 'date' && name !== 'jotgate-decision'))).toEqual(
      {
        'access-control-allow-origin': [app],
        'access-control-allow-methods': ['GET, POST, PUT'],
        'access-control-allow-headers': ['authorization, content-type'],
        'access-control-max-age': ['600'],
        vary: ['Origin'],
        'cache-control': ['no-store'],
        connection: ['close'],
      },
    )
    expect(await decisionOf(answer)).toMatchObject({ outcome: 'answered', status: 204, api: 'pages' })
  })

  it('a refused one has none, and its decision names the line that lists what is allowed', async () => {
    const answer = await preflight('/pages', 'Origin: https://elsewhere.example', 'Access-Control-Request-Method: PUT')
    expect(answer.status).toBe(403)
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    expect(answer.headers.get('vary')).toEqual(['Origin'])
    expect(await decisionOf(answer)).toMatchObject({
      outcome: 'refused',
      reason: 'preflight_refused',
      rule: { path: 'apis.pages.cors.origins' },
    })
    const method = await preflight('/pages', `Origin: ${app}`, 'Access-Control-Request-Method: DELETE')
    expect([...method.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
  })

  it('a preflight leaves the connection as it found it, its body read away', async () => {
    const caller = await openWire(gateway.port)
    const before = upstream.requests.length
    const question = `Host: a\r\nOrigin: ${app}\r\nAccess-Control-Request-Method: PUT\r\n`
    caller.write(
      `OPTIONS /pages HTTP/1.1\r\n${question}Content-Length: 4\r\n\r\nbodyGET /everybody HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    expect([(await caller.answer()).status, (await caller.answer()).status]).toEqual([204, 200])
    expect(upstream.requests.slice(before).map(({ line }) => line)).toEqual(['GET /everybody HTTP/1.1'])
    caller.destroy()
  })

  it('Vary names Origin with and without one, on answers of the upstream and on ours', async () => {
    for (const lines of [[], [`Origin: ${app}`], ['Origin: https://elsewhere.example']]) {
      for (const path of ['/pages', '/everybody', '/broken']) {
        expect((await wire(`GET ${path}`, lines)).headers.get('vary')).toContain('Origin')
      }
    }
  })

  it("nothing of the upstream's own permissions passes, in any spelling", async () => {
    const answer = await wire('GET /everybody', ['Origin: https://elsewhere.example'])
    const names = [...answer.headers.keys()].filter((name) => /^access.control/.test(name)).sort()
    expect(names).toEqual(['access-control-allow-origin', 'access-control-expose-headers'])
    expect(answer.headers.get('access-control-expose-headers')?.[0]).not.toContain('X-Secret')
    expect(answer.headers.get('vary')).toEqual(['Accept', 'Origin'])
  })

  it('any origin is `*`, and never one with credentials', async () => {
    const answer = await preflight(
      '/everybody',
      'Origin: https://elsewhere.example',
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Headers: authorization, x-anything',
    )
    expect(answer.headers.get('access-control-allow-origin')).toEqual(['*'])
    expect(answer.headers.get('access-control-allow-headers')).toEqual(['authorization, x-anything'])
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
    expect((await preflight('/everybody', 'Origin: null', 'Access-Control-Request-Method: GET')).status).toBe(403)
  })

  it('an OPTIONS that asks nothing needs a token like any method', async () => {
    expect((await wire('OPTIONS /pages', [`Origin: ${app}`])).status).toBe(405)
    expect((await wire('OPTIONS /scoped', [`Origin: ${app}`])).status).toBe(401)
    expect((await wire('OPTIONS /scoped', ['Access-Control-Request-Method: GET'])).status).toBe(401)
  })

  it('without `cors` nothing changes: a preflight needs a token, and what the upstream says passes', async () => {
    const question = [`Origin: ${app}`, 'Access-Control-Request-Method: PUT']
    const refused = await preflight('/plain', ...question)
    expect([refused.status, refused.headers.get('vary')]).toEqual([401, undefined])
    const passed = await wire('OPTIONS /plain', [...question, `Authorization: Bearer ${await token()}`])
    expect(passed.headers.get('access-control-allow-origin')).toEqual(['*'])
    expect(passed.headers.get('access-control-expose-headers')).toEqual(['X-Secret'])
    expect(passed.headers.get('vary')).toEqual(['Accept'])
  })
})
