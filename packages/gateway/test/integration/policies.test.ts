import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { mint, publicJwk } from '../support/model-histories.ts'
import { cleanUp, type GatewayProcess, replaceConfig, send, startGateway } from './gateway-process.ts'

let upstream: AnnouncedUpstream
let gateway: GatewayProcess
let nonce = 0

/** An API of callers with policies; `clerk` has these paths. */
function config(clerkPaths: readonly string[]): object {
  return {
    version: 1,
    issuers: {
      alpha: { issuer: 'https://alpha.example', keys: { jwks: { keys: [publicJwk('a0')] } }, audiences: ['orders'] },
    },
    policies: {
      reader: { access: [{ api: 'orders', methods: ['GET'], paths: ['/read/*'] }] },
      clerk: { access: [{ api: 'orders', paths: clerkPaths }] },
    },
    apis: {
      orders: {
        listen: { path: '/orders' },
        upstream: { targets: [upstream.url] },
        access: {
          issuers: ['alpha'],
          policy: { default: ['reader'] },
          scopes: { claim: 'realm_access.roles', policies: { clerk: 'clerk' } },
        },
        routes: [{ path: '/read/health', access: 'public', override: true }],
      },
    },
  }
}

const mine = (claims: Readonly<Record<string, unknown>>): string =>
  mint({ key: 'a0', claims: Object.entries(claims), header: {}, spoil: 'nothing' }, Math.floor(Date.now() / 1000))

async function ask(path: string, token: string | undefined, mayPass: boolean, method = 'GET'): Promise<number> {
  const id = `policies-${nonce++}`
  if (mayPass) upstream.announce(id)
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const { status } = await send(`${gateway.url}${path}`, { method, headers: { [nonceHeader]: id, ...authorization } })
  return status
}

beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
  gateway = await startGateway({ config: config(['/clerk/*']), workers: 1 })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

describe('policies on a running gateway', () => {
  it('let a caller do what they list, and nothing else', async () => {
    const reader = mine({})
    expect(await ask('/orders/read/7', reader, true)).toBe(200)
    expect(await ask('/orders/read/7', reader, false, 'POST')).toBe(403)
    expect(await ask('/orders/clerk/7', reader, false)).toBe(403)
    const clerk = mine({ realm_access: { roles: ['clerk'] } })
    expect(await ask('/orders/clerk/7', clerk, true)).toBe(200)
    expect(await ask('/orders/read/7', clerk, true)).toBe(200)
    expect(await ask('/orders/elsewhere', clerk, false)).toBe(403)
    expect(await ask('/orders/read/7', mine({ pol: 'ghost' }), false)).toBe(403)
    expect(upstream.unexpected()).toEqual([])
  })

  it('are asked of nobody on an open route', async () => {
    expect(await ask('/orders/read/health', undefined, true)).toBe(200)
  })

  it('hold from the next request on when they change, for a token that was seen before as well', async () => {
    const clerk = mine({ pol: 'clerk' })
    for (let use = 0; use < 3; use += 1) expect(await ask('/orders/clerk/7', clerk, true)).toBe(200)
    await replaceConfig(gateway, config(['/office/*']), 2)
    expect(await ask('/orders/clerk/7', clerk, false)).toBe(403)
    expect(await ask('/orders/office/7', clerk, true)).toBe(200)
    await replaceConfig(gateway, config(['/clerk/*']), 3)
    expect(await ask('/orders/clerk/7', clerk, true)).toBe(200)
    expect(upstream.unexpected()).toEqual([])
  })
})
