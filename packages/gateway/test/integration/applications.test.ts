import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { mint, publicJwk } from '../support/model-histories.ts'
import { cleanUp, type GatewayProcess, replaceConfig, send, startGateway } from './gateway-process.ts'

let upstream: AnnouncedUpstream
let gateway: GatewayProcess
let nonce = 0

const issuerOf = (name: string, key: string): object => ({
  issuer: `https://${name}.example`,
  keys: { jwks: { keys: [publicJwk(key)] } },
  audiences: ['orders'],
})

/** Two issuers, two applications on one API; `billing` has this status. */
function config(status: 'active' | 'suspended'): object {
  return {
    version: 1,
    issuers: { alpha: issuerOf('alpha', 'a0'), beta: issuerOf('beta', 'b0') },
    policies: {
      reader: { access: [{ api: 'orders', methods: ['GET'] }] },
      writer: { access: [{ api: 'orders' }] },
    },
    applications: {
      billing: {
        name: 'Billing',
        owner: 'finance@example.com',
        metadata: { plan: 'gold' },
        status,
        claims: [{ issuer: 'alpha', match: { azp: 'billing' } }],
        subscriptions: [{ api: 'orders', policies: ['writer'] }],
      },
      shop: { claims: [{ issuer: 'alpha', match: { azp: 'shop' } }], subscriptions: [{ api: 'orders' }] },
      stranger: { claims: [{ issuer: 'alpha', match: { azp: 'stranger' } }] },
    },
    apis: {
      orders: {
        listen: { path: '/orders' },
        upstream: { targets: [upstream.url] },
        access: {
          issuers: ['alpha', 'beta'],
          identify: { by: ['jwtClaims'] },
          policy: { claim: false, default: ['reader'] },
        },
        forward: {
          claims: { 'X-Issuer': 'iss' },
          application: { 'X-App': 'id', 'X-App-Owner': 'owner', 'X-App-Plan': 'metadata.plan' },
        },
      },
    },
  }
}

const tokenOf = (azp: string | undefined, key = 'a0'): string =>
  mint(
    { key, claims: azp === undefined ? [] : [['azp', azp]], header: {}, spoil: 'nothing' },
    Math.floor(Date.now() / 1000),
  )

async function ask(token: string, mayPass: boolean, method = 'GET'): Promise<number> {
  const id = `applications-${nonce++}`
  if (mayPass) upstream.announce(id)
  const headers = { [nonceHeader]: id, Authorization: `Bearer ${token}` }
  const { status } = await send(`${gateway.url}/orders/7`, { method, headers })
  return status
}

beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
  gateway = await startGateway({ config: config('active'), workers: 1 })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

describe('applications on a running gateway', () => {
  it('call what they subscribed to, each with its own policies', async () => {
    expect(await ask(tokenOf('billing'), true, 'POST')).toBe(200)
    expect(await ask(tokenOf('shop'), true)).toBe(200)
    expect(await ask(tokenOf('shop'), false, 'POST')).toBe(403)
    expect(await ask(tokenOf('stranger'), false)).toBe(403)
    expect(await ask(tokenOf('nobody'), false)).toBe(403)
    expect(await ask(tokenOf(undefined), false)).toBe(403)
    expect(upstream.unexpected()).toEqual([])
  })

  it('are nobody to an issuer their claims are not bound to', async () => {
    expect(await ask(tokenOf('billing', 'b0'), false)).toBe(403)
  })

  it('are told to the upstream by what their registration says, whatever the caller says', async () => {
    const id = `applications-${nonce++}`
    upstream.announce(id)
    const forged = { 'X-App': 'shop', X_App_Plan: 'platinum', 'x-app-owner': 'me' }
    const headers = { [nonceHeader]: id, Authorization: `Bearer ${tokenOf('billing')}`, ...forged }
    expect((await send(`${gateway.url}/orders/7`, { headers })).status).toBe(200)
    const { 'x-app': app, 'x-app-owner': owner, 'x-app-plan': plan, x_app_plan } = upstream.received(id)?.headers ?? {}
    expect({ app, owner, plan, x_app_plan }).toEqual({
      app: 'billing',
      owner: 'finance@example.com',
      plan: 'gold',
      x_app_plan: undefined,
    })
  })

  it('are named in the access log', async () => {
    await ask(tokenOf('shop'), true)
    await expect.poll(() => gateway.output()).toMatch(/"status":200,.*"application":"shop"/)
  })

  it('are suspended from the next request on, for a token that was seen before as well', async () => {
    const token = tokenOf('billing')
    for (let use = 0; use < 3; use += 1) expect(await ask(token, true)).toBe(200)
    await replaceConfig(gateway, config('suspended'), 2)
    expect(await ask(token, false)).toBe(403)
    expect(await ask(tokenOf('shop'), true)).toBe(200)
    await replaceConfig(gateway, config('active'), 3)
    expect(await ask(token, true)).toBe(200)
    expect(upstream.unexpected()).toEqual([])
  })
})
