import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerApiKey } from '../../src/app/offline-api-key.ts'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { mint, publicJwk } from '../support/model-histories.ts'
import { cleanUp, type GatewayProcess, makeFolder, replaceConfig, send, startGateway } from './gateway-process.ts'

let upstream: AnnouncedUpstream
let gateway: GatewayProcess
let nonce = 0
let generation = 1

const folder = makeFolder()
const own = register()
const brought = register('0969cf40-e558-4574-b462-42eafc85b906')
const other = register()

function register(apiKey?: string): { readonly apiKey: string; readonly hash: string } {
  const made = registerApiKey(join(folder, 'data'), apiKey)
  if (!made.ok) throw new Error(made.error)
  return made.value
}

function config(more: object = {}): object {
  const target = { targets: [upstream.url] }
  const subscriptions = ['keyed', 'both', 'either', 'strict', 'query'].map((api) => ({ api }))
  return {
    version: 1,
    gateway: { verificationBudget: { perAddress: 20, perIssuer: 10_000 } },
    issuers: {
      alpha: { issuer: 'https://alpha.example', keys: { jwks: { keys: [publicJwk('a0')] } }, audiences: ['orders'] },
    },
    applications: {
      billing: {
        claims: [{ issuer: 'alpha', match: { azp: 'billing' } }],
        apiKeys: [
          { id: 'k1', hash: own.hash },
          { id: 'k2', hash: brought.hash },
        ],
        subscriptions,
        ...more,
      },
      shop: { apiKeys: [{ id: 'k1', hash: other.hash }], subscriptions },
    },
    apis: {
      keyed: {
        listen: { path: '/keyed' },
        upstream: target,
        access: { identify: { by: ['apiKey'] } },
        forward: { application: { 'X-App': 'id' } },
      },
      query: {
        listen: { path: '/query' },
        upstream: target,
        access: { identify: { by: ['apiKey'], apiKey: { query: 'key' } } },
      },
      both: {
        listen: { path: '/both' },
        upstream: target,
        access: { issuers: ['alpha'], identify: { by: ['jwtClaims', 'apiKey'], connector: 'and' } },
      },
      either: {
        listen: { path: '/either' },
        upstream: target,
        access: { issuers: ['alpha'], identify: { by: ['jwtClaims', 'apiKey'], allowAnonymous: true } },
        routes: [{ path: '/scoped', require: { scopes: { all: ['write'] } } }],
      },
      strict: {
        listen: { path: '/strict' },
        upstream: target,
        access: { issuers: ['alpha'], identify: { by: ['apiKey'] } },
      },
    },
  }
}

const tokenOf = (azp: string, claims: Readonly<Record<string, unknown>> = {}): string =>
  mint(
    { key: 'a0', claims: Object.entries({ azp, ...claims }), header: {}, spoil: 'nothing' },
    Math.floor(Date.now() / 1000),
  )

interface Shown {
  readonly key?: string
  readonly token?: string
}

/** The status of a request with these credentials; none but a 200 may reach the upstream. */
async function ask(path: string, { key, token }: Shown, expected: number): Promise<string> {
  const id = `api-keys-${nonce++}`
  if (expected === 200) upstream.announce(id)
  const headers = {
    [nonceHeader]: id,
    ...(key === undefined ? {} : { 'X-API-Key': key }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  }
  const answer = await send(`${gateway.url}${path}`, { headers })
  expect([path, answer.status]).toEqual([path, expected])
  return id
}

beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
  gateway = await startGateway({ config: config(), workers: 1, folder })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

describe('API keys on a running gateway', () => {
  it('tell which application is calling, our own and one somebody brought along', async () => {
    for (const { apiKey } of [own, brought]) {
      const id = await ask('/keyed/7', { key: apiKey }, 200)
      expect(upstream.received(id)?.headers).toMatchObject({ 'x-app': 'billing' })
    }
    await ask('/keyed/7', {}, 401)
    await ask('/keyed/7', { key: own.apiKey.slice(0, -1) }, 401)
    await ask('/keyed/7', { key: own.hash }, 401)
    await ask('/keyed/7', { key: `${own.apiKey}, ${own.apiKey}` }, 401)
  })

  it('stand beside tokens as the API says', async () => {
    const [billing, stranger] = [tokenOf('billing'), tokenOf('stranger')]
    await ask('/both/7', { key: own.apiKey, token: billing }, 200)
    await ask('/both/7', { key: own.apiKey }, 401)
    await ask('/both/7', { token: billing }, 401)
    await ask('/both/7', { key: other.apiKey, token: billing }, 403)
    await ask('/strict/7', { key: own.apiKey, token: stranger }, 200)
    await ask('/strict/7', { key: own.apiKey }, 401)
    await ask('/either/7', { key: own.apiKey }, 200)
    await ask('/either/7', { token: billing }, 200)
    await ask('/either/7', {}, 200)
  })

  it('S26 a bad one is never outvoted, nor does a good one outvote a bad token', async () => {
    await ask('/either/7', { key: 'nobody-knows-this-key', token: tokenOf('billing') }, 401)
    await ask('/either/7', { key: 'nobody-knows-this-key' }, 401)
    await ask('/either/7', { key: own.apiKey, token: `${tokenOf('billing').slice(0, -4)}AAAA` }, 401)
    await ask('/either/7', { key: own.apiKey, token: tokenOf('billing', { exp: 1 }) }, 401)
    await ask('/either/7', { key: other.apiKey, token: tokenOf('billing') }, 403)
  })

  it('S26 stand in for no token that is shown in another way', async () => {
    const token = tokenOf('billing')
    const shown: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      [`/either/7?access_token=${token}`, {}],
      ['/either/7', { Authorization: `DPoP ${token}` }],
      ['/either/7', { Authorization: `Bearer:${token}` }],
      ['/either/7', { Authorization: token }],
      ['/either/7', { Authorization: 'Bearer' }],
    ]
    for (const key of [{}, { 'X-API-Key': own.apiKey }]) {
      for (const [path, headers] of shown) {
        const { status } = await send(gateway.url + path, { headers: { ...key, ...headers } })
        expect([path, headers, [400, 401].includes(status)]).toEqual([path, headers, true])
      }
    }
    expect(upstream.unexpected()).toEqual([])
  })

  it('S17 tell shared caches that the answer is not for everybody', async () => {
    const id = `api-keys-${nonce++}`
    upstream.announce(id)
    const { headers } = await send(`${gateway.url}/keyed/7`, {
      headers: { [nonceHeader]: id, 'X-API-Key': own.apiKey },
    })
    expect(headers).toMatchObject({ 'cache-control': 'private', vary: 'x-api-key' })
    const other = `api-keys-${nonce++}`
    upstream.announce(other)
    const bare = await send(`${gateway.url}/either/7`, { headers: { [nonceHeader]: other } })
    expect(bare.headers.vary).toBe('authorization, x-api-key')
  })

  it('satisfy nothing that only a token says', async () => {
    await ask('/either/scoped', { key: own.apiKey }, 401)
    await ask('/either/scoped', {}, 401)
    await ask('/either/scoped', { token: tokenOf('billing') }, 403)
    await ask('/either/scoped', { token: tokenOf('billing', { scope: 'write' }), key: own.apiKey }, 200)
  })

  it('S28 are in no log and reach no upstream', async () => {
    const id = await ask('/keyed/7', { key: own.apiKey }, 200)
    const received = JSON.stringify(upstream.received(id))
    expect(received).not.toContain(own.apiKey)
    expect(received.toLowerCase()).not.toContain('x-api-key')
    const inQuery = await ask(`/query/7?a=1&key=${own.apiKey}&b=2`, {}, 200)
    expect(upstream.received(inQuery)?.target).toBe('/query/7?a=1&b=2')
    await ask(`/query/7?key=${own.apiKey}&key=${own.apiKey}`, {}, 400)
    await expect.poll(() => gateway.output()).toContain('"application":"billing"')
    expect(gateway.output()).not.toContain(own.apiKey)
    expect(gateway.output()).not.toContain(brought.apiKey)
  })

  it('are suspended, and gone, from the next request on', async () => {
    await replaceConfig(gateway, config({ status: 'suspended' }), ++generation)
    await ask('/keyed/7', { key: own.apiKey }, 403)
    await ask('/keyed/7', { key: other.apiKey }, 200)
    await replaceConfig(gateway, config({ apiKeys: [{ id: 'k2', hash: brought.hash }] }), ++generation)
    await ask('/keyed/7', { key: own.apiKey }, 401)
    await ask('/keyed/7', { key: brought.apiKey }, 200)
    await replaceConfig(gateway, config(), ++generation)
    await ask('/keyed/7', { key: own.apiKey }, 200)
    expect(upstream.unexpected()).toEqual([])
  })

  it('S28 a flood of guesses ends in 429, for brought keys even the right one', async () => {
    const guess = async (at: number): Promise<number> => {
      const key = createHash('sha256').update(String(at)).digest('hex')
      return (await send(`${gateway.url}/keyed/7`, { headers: { 'X-API-Key': key } })).status
    }
    const statuses: number[] = []
    for (let at = 0; at < 60; at += 1) statuses.push(await guess(at))
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    const late = await send(`${gateway.url}/keyed/7`, { headers: { 'X-API-Key': brought.apiKey } })
    expect(late.status).toBe(429)
    await ask('/keyed/7', { key: own.apiKey }, 200)
  })
})
