import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { generateKey, type Jwk, signToken, type TokenHeader } from '@jotgate/signer'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { type Caller, createCaller } from './caller.ts'
import { type Answer, cleanUp, type GatewayProcess, send, startGateway, until } from './gateway-process.ts'

const iss = 'https://idp.example'
const aud = 'https://orders.test'
const publicUrl = 'https://api.example.com'

interface Pair {
  readonly privateJwk: Jwk
  readonly publicJwk: Jwk
}

let upstream: AnnouncedUpstream
let gateway: GatewayProcess
let caller: Caller
let first: Pair
let second: Pair

beforeAll(async () => {
  first = await makePair('k')
  second = await makePair('k')
  upstream = await startAnnouncedUpstream()
  gateway = await startGateway({ config: config(first), workers: 1, env: { JOTGATE_CANARY: canary('environment') } })
  caller = createCaller(gateway, upstream)
})
afterEach(() => expect(upstream.unexpected()).toEqual([]))
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

async function makePair(kid: string): Promise<Pair> {
  const made = await generateKey('ES256')
  if (made.kind !== 'pair') throw new Error('not a pair')
  return { privateJwk: { ...made.privateJwk, kid }, publicJwk: { ...made.publicJwk, kid } }
}

function canary(where: string): string {
  return `canary-${where}-9f3b`
}

/** Two issuer entries of one `iss` on two APIs; `other` always has the second key. */
function config(key: Pair): object {
  const issuer = ({ publicJwk }: Pair): object => ({
    issuer: iss,
    keys: { jwks: { keys: [publicJwk] } },
    audiences: [aud],
  })
  const api = (path: string, id: string, more: object = {}, forward: object = {}): object => ({
    listen: { path },
    upstream: { targets: [upstream.url] },
    access: { issuers: [id], ...more },
    forward,
  })
  return {
    version: 1,
    gateway: { listeners: [{ publicUrl }], trace: { accepted: true } },
    issuers: { main: issuer(key), other: issuer(second) },
    apis: {
      orders: api('/orders', 'main', {}, { claims: { 'X-User': 'sub', 'X-Roles': 'roles' } }),
      other: api('/other', 'other'),
      cookies: api('/cookies', 'main', {
        token: [{ cookie: 'session', origins: ['https://app.example'] }, { header: 'authorization' }, { query: 'jwt' }],
      }),
      open: { listen: { path: '/open' }, upstream: { targets: [upstream.url] }, access: 'public' },
      root: api('/', 'main'),
    },
  }
}

function sign({ privateJwk }: Pair, claims: object = {}, header: TokenHeader = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return signToken({ iss, aud, sub: 'somebody', iat: now, exp: now + 300, ...claims }, privateJwk, header)
}

async function reasonOf(path: string, token: string): Promise<string | undefined> {
  return (await caller.refused(path, token)).reason
}

/** Sends bytes as they are and reads what comes back until the connection ends. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setEncoding('latin1').setTimeout(10_000, () => socket.destroy(new Error(`no end after ${text}`)))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

/** A head with these lines, sent raw; what the upstream received of it, if it did. */
async function sendLines(
  target: string,
  lines: readonly string[],
): Promise<{ status: number; headers: object; target?: string }> {
  const nonce = randomUUID()
  upstream.announce(nonce)
  const text = await raw(
    [
      `GET ${target} HTTP/1.1`,
      'Host: gateway.test',
      `${nonceHeader}: ${nonce}`,
      'Connection: close',
      ...lines,
      '',
      '',
    ].join('\r\n'),
  )
  const received = upstream.received(nonce)
  return {
    status: Number(text.slice(9, 12)),
    headers: received?.headers ?? {},
    ...(received === undefined ? {} : { target: received.target }),
  }
}

describe('S1 S2 what is not an access token for this API', () => {
  it.each<[string, object, TokenHeader]>([
    ['typ_mismatch', {}, { typ: 'logout+jwt' }],
    ['typ_mismatch', {}, { typ: 'dpop+jwt' }],
    ['token_kind', { at_hash: 'x' }, {}],
    ['token_kind', { nonce: 'x' }, {}],
    ['token_kind', { events: {} }, { typ: 'at+jwt' }],
    ['token_kind', { typ: 'Refresh' }, {}],
    ['token_kind', { token_use: 'id' }, {}],
    ['confirmation_required', { cnf: { jkt: 'x' } }, {}],
    ['confirmation_required', { cnf: { 'x5t#S256': 'x', unknown: 1 } }, {}],
    ['audience_mismatch', { aud: 'https://elsewhere.test' }, {}],
    ['audience_mismatch', { aud: undefined }, {}],
    ['audience_mismatch', { aud: [] }, {}],
  ])('%s: claims %j, header %j, on every use', async (reason, claims, header) => {
    const token = await sign(first, claims, header)
    // Again and again: a token that was verified before is refused by the same rule (S9).
    for (let use = 0; use < 4; use++) expect(await reasonOf('/orders', token)).toBe(reason)
  })

  it('a token under another scheme than the configured one is no token', async () => {
    const answer = await send(`${gateway.url}/orders`, { headers: { Authorization: `DPoP ${await sign(first)}` } })
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      `Bearer realm="orders", resource_metadata="${publicUrl}/.well-known/oauth-protected-resource/orders"`,
    ])
  })
})

describe('S9 a cached token answers only the question that was asked', () => {
  it('two issuer entries with one iss and one kid: a token warm for one is refused by the other', async () => {
    const token = await sign(first)
    for (let use = 0; use < 4; use++) expect((await caller.send('/orders', token)).status).toBe(200)
    expect(await reasonOf('/other', token)).toBe('signature_invalid')
    expect((await caller.send('/orders', token)).status).toBe(200)
  })

  it('a reload that replaces the key under its kid ends its tokens, and brings back those of the key it returns to', async () => {
    const token = await sign(first)
    for (let use = 0; use < 4; use++) expect((await caller.send('/orders', token)).status).toBe(200)
    await reload(config(second))
    expect(await reasonOf('/orders', token)).toBe('signature_invalid')
    expect((await caller.send('/orders', await sign(second))).status).toBe(200)
    await reload(config(first))
    expect((await caller.send('/orders', token)).status).toBe(200)
  })
})

async function reload(next: object): Promise<void> {
  const { generation } = await gateway.status()
  writeFileSync(gateway.configFile, JSON.stringify(next))
  await until(async () => (await gateway.status()).workers.every((one) => one.generation > generation))
}

describe('S11 S12 the upstream hears from the gateway alone who calls', () => {
  const spellings = ['X-User', 'x_user', 'X.USER', 'X-user']

  it.each(spellings)(
    '%s of a caller never arrives: not beside a claim, not in place of one, not where access is public',
    async (name) => {
      const lines = [
        `${name}: mallory`,
        'X-Original-URL: /admin',
        'X_HTTP_Method_Override: DELETE',
        'X-Forwarded-For: 10.0.0.1',
      ]
      const authorization = `Authorization: Bearer ${await sign(first)}`
      const without = `Authorization: Bearer ${await sign(first, { sub: undefined })}`
      for (const [target, more, user] of [
        ['/orders', [authorization], 'somebody'],
        ['/orders', [without], undefined],
        ['/other', [`Authorization: Bearer ${await sign(second)}`], undefined],
        ['/open', [], undefined],
      ] as const) {
        const { status, headers } = await sendLines(target, [...lines, ...more])
        expect([target, status, (headers as { 'x-user'?: string })['x-user']]).toEqual([target, 200, user])
        expect(JSON.stringify(headers)).not.toMatch(/mallory|admin|DELETE|10\.0\.0\.1/)
      }
    },
  )

  it('Connection cannot remove what the gateway says, nor what it judged by', async () => {
    const lines = ['Connection: x-user, authorization, x-forwarded-for', `Authorization: Bearer ${await sign(first)}`]
    const { status, headers } = await sendLines('/orders', lines)
    expect([status, headers]).toEqual([
      200,
      expect.objectContaining({
        'x-user': 'somebody',
        'x-forwarded-for': '127.0.0.1',
        authorization: expect.stringMatching(/^Bearer /),
      }),
    ])
  })

  it('claims arrive encoded, a list as a list, and nothing of them becomes a header of its own', async () => {
    const token = await sign(first, { sub: 'Zoë ✓', roles: ['a,b', 'c"d'] })
    const { headers } = await sendLines('/orders', [`Authorization: Bearer ${token}`])
    expect(headers).toMatchObject({ 'x-user': 'Zo%C3%AB%20%E2%9C%93', 'x-roles': '"a,b", "c\\"d"' })
    const { status, headers: none } = await sendLines('/orders', [
      `Authorization: Bearer ${await sign(first, { roles: 'x\r\nX-User: root' })}`,
    ])
    expect([status, none]).toEqual([
      200,
      expect.objectContaining({ 'x-user': 'somebody', 'x-roles': 'x%0D%0AX-User:%20root' }),
    ])
  })

  it.each([
    [
      'two Authorization headers',
      'GET /orders HTTP/1.1',
      ['Host: a', 'Authorization: Bearer x', 'Authorization: Bearer y'],
      400,
    ],
    ['two Host headers', 'GET /open HTTP/1.1', ['Host: a', 'Host: b'], 400],
    ['user info in Host', 'GET /open HTTP/1.1', ['Host: a@b'], 400],
    ['an absolute form for another host', 'GET http://b/open HTTP/1.1', ['Host: a'], 400],
    ['an absolute form with user info', 'GET http://a@b/open HTTP/1.1', ['Host: a'], 400],
    ['both framings', 'POST /open HTTP/1.1', ['Host: a', 'Content-Length: 3', 'Transfer-Encoding: chunked'], 400],
    ['an encoded slash', 'GET /open%2f..%2forders HTTP/1.1', ['Host: a'], 400],
    ['dot segments', 'GET /open/../orders HTTP/1.1', ['Host: a'], 400],
    ['TRACE', 'TRACE /open HTTP/1.1', ['Host: a'], 405],
  ])('%s: refused, never cached, with a decision', async (_, line, lines, status) => {
    const text = await raw([line, ...lines, 'Connection: close', '', ''].join('\r\n'))
    expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
    expect(text.toLowerCase()).toContain('\r\ncache-control: no-store\r\n')
    expect(text.toLowerCase()).toMatch(/\r\njotgate-decision: [0-9a-f]{32}-\d+\r\n/)
  })
})

describe('S17 tokens in cookies and queries', () => {
  it('an unsafe method with a cookie needs an allowed origin', async () => {
    const cookie = `session=${await sign(first)}`
    const post = async (headers: Record<string, string>): Promise<number> => {
      const nonce = randomUUID()
      upstream.announce(nonce)
      return (
        await send(`${gateway.url}/cookies`, {
          method: 'POST',
          headers: { Cookie: cookie, [nonceHeader]: nonce, ...headers },
        })
      ).status
    }
    expect(await post({ Origin: 'https://app.example' })).toBe(200)
    expect(await post({ 'Sec-Fetch-Site': 'same-origin' })).toBe(200)
    expect(await post({})).toBe(403)
    expect(await post({ Origin: 'null' })).toBe(403)
    expect(await post({ Origin: 'https://app.example.evil', 'Sec-Fetch-Site': 'cross-site' })).toBe(403)
    expect(await post({ Origin: 'https://evil.example', 'X-HTTP-Method-Override': 'GET' })).toBe(403)
  })

  it('a query token is cut from the target, and its answer is private', async () => {
    const token = await sign(first)
    const { status, target } = await sendLines(`/cookies?a=1&jw%74=${token}&b=%2f`, [])
    expect([status, target]).toEqual([200, '/cookies?a=1&b=%2f'])
    const nonce = randomUUID()
    upstream.announce(nonce)
    const answer = await send(`${gateway.url}/cookies`, {
      headers: { Cookie: `session=${token}`, [nonceHeader]: nonce },
    })
    expect([answer.headers['cache-control'], answer.headers.vary]).toEqual(['private', 'cookie'])
  })

  it.each(['?access_token=x', '?%61ccess_token=x', '?jwt=x'])('%s beside another token is refused', async (query) => {
    const { status } = await send(`${gateway.url}/cookies${query}`, {
      headers: { Authorization: `Bearer ${await sign(first)}` },
    })
    expect(status).toBe(400)
  })
})

describe('S17 every answer of our own', () => {
  it('says to HEAD what it says to GET, is never cached, and challenges as RFC 6750 has it', async () => {
    const ask = (method: string, headers = {}): Promise<Answer> => send(`${gateway.url}/orders`, { method, headers })
    const [get, head, invalid] = [
      await ask('GET'),
      await ask('HEAD'),
      await ask('GET', { Authorization: 'Bearer x.y.z' }),
    ]
    expect([head.status, head.body, head.headers['content-length']]).toEqual([401, '', get.headers['content-length']])
    for (const { headers } of [get, head, invalid]) expect(headers['cache-control']).toBe('no-store')
    expect(get.headers['www-authenticate']).not.toContain('error')
    expect(invalid.headers['www-authenticate']).toContain('error="invalid_token"')
  })

  it.each(['', '/orders', '/other'])(
    'RFC 9728 metadata of the API on "%s" is where its challenge says, though an API takes every path',
    async (path) => {
      const { headers } = await send(`${gateway.url}${path}/`)
      const url = /resource_metadata="([^"]*)"/.exec(String(headers['www-authenticate']))?.[1] ?? ''
      const metadata = await send(gateway.url + url.slice(publicUrl.length))
      expect([metadata.status, JSON.parse(metadata.body)]).toEqual([
        200,
        expect.objectContaining({ resource: publicUrl + (path === '' ? '/' : path), authorization_servers: [iss] }),
      ])
      expect(metadata.headers['cache-control']).toBe('no-store')
    },
  )
})

describe('S23 what a caller sends stays out of logs, metrics and decisions', () => {
  it('no token, query, claim value or header of a caller is written; paths are', async () => {
    const token = await sign(first, { secret: canary('claim'), sub: canary('subject') })
    const lines = [`X-Custom: ${canary('header')}`, `Authorization: Bearer ${token}`, `User-Agent: ${canary('agent')}`]
    expect((await sendLines(`/orders/seen?q=${canary('query')}`, lines)).status).toBe(200)
    const refused = await caller.refused(`/orders/refused?q=${canary('query')}`, `${token.slice(0, -8)}AAAAAAAA`)
    expect(refused.reason).toBe('signature_invalid')
    const metrics = (await caller.admin('GET', '/metrics')).body
    const output = await until(() => gateway.output().includes('/orders/refused') && gateway.output())
    for (const [where, text] of [
      ['output', output],
      ['metrics', metrics],
      ['answer', JSON.stringify(refused)],
    ] as const) {
      expect([where, text.match(/canary-\w+/g) ?? []]).toEqual([where, []])
      expect(text).not.toContain(token.split('.')[1])
      expect(text).not.toContain(token.split('.')[2]?.slice(0, 40))
    }
    expect(output).toContain('/orders/seen')
    const decision = (await caller.admin('GET', `/decisions/${refused.headers['jotgate-decision']}`)).body
    expect(decision.match(/canary-\w+/g)).toEqual([canary('subject').slice(0, -5)])
  })

  it('a thousand paths, kids, issuers and hosts add no series', async () => {
    const series = async (): Promise<number> => (await caller.admin('GET', '/metrics')).body.split('\n').length
    await Promise.all(['a', 'b'].map((kid) => caller.refused(`/orders/${kid}`, `x.${kid}.z`)))
    await reasonOf('/orders', await sign(first, { iss: 'https://elsewhere' }, { kid: 'first' }))
    const before = await series()
    const token = await sign(first)
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, at) => {
          const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `${round}-${at}` })).toString('base64url')
          const payload = Buffer.from(JSON.stringify({ iss: `https://${round}.${at}` })).toString('base64url')
          return send(`${gateway.url}/orders/${round}/${at}`, {
            headers: { Host: `h${at}.example`, Authorization: `Bearer ${header}.${payload}.${token.split('.')[2]}` },
          })
        }),
      )
    }
    expect(await series()).toBe(before)
  })

  it('nothing of any token of this suite is left: not in answers, log, metrics, data directory or command lines', async () => {
    expect(await caller.leaks()).toEqual([])
  })
})
