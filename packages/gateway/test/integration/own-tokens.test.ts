import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { mint, publicJwk } from '../support/model-histories.ts'
import { cleanUp, type GatewayProcess, makeFolder, replaceConfig, send, startGateway } from './gateway-process.ts'

// The application's id, as Axway gives it: 32 hexadecimal digits.
const billing = 'e4e3e1d26bb7aa0b016bb8711e060063'
const shop = '2c918087672e5ea201672f0ff44d0c67'

const shared = generateKeyPairSync('rsa', { modulusLength: 2048 })
const second = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let upstream: AnnouncedUpstream
let gateway: GatewayProcess
let nonce = 0
let generation = 1
const folder = makeFolder()

/** The JWT Key ID as Axway computes it: the SHA-256 of the SubjectPublicKeyInfo. */
function keyIdOf(key: KeyObject): string {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('base64url')
}

interface Minting {
  readonly key?: KeyObject
  readonly header?: object
  readonly claims?: object
}

/** A token as the application signs it: `iss`, `sub` and `aud` are its id. */
function ownToken(id: string, { key = shared.privateKey, header = {}, claims = {} }: Minting = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const [alg, dsaEncoding] =
    key.asymmetricKeyType === 'rsa' ? (['RS256', undefined] as const) : (['ES256', 'ieee-p1363'] as const)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg, typ: 'JWT', kid: keyIdOf(key), ...header })
  const input = `${head}.${part({ iss: id, sub: id, aud: id, iat: now, exp: now + 300, ...claims })}`
  const signature = sign('sha256', Buffer.from(input), dsaEncoding === undefined ? key : { key, dsaEncoding })
  return `${input}.${signature.toString('base64url')}`
}

function config(status: 'active' | 'suspended' = 'active', trustSelfAsserted: readonly string[] = []): object {
  const target = { targets: [upstream.url] }
  const subscriptions = [{ api: 'orders', policies: ['reader'] }, { api: 'both' }, { api: 'scoped' }]
  return {
    version: 1,
    issuers: {
      alpha: { issuer: 'https://alpha.example', keys: { jwks: { keys: [publicJwk('a0')] } }, audiences: ['orders'] },
    },
    policies: {
      reader: { access: [{ api: 'orders', methods: ['GET'] }] },
      gold: { access: [{ api: 'orders' }] },
    },
    applications: {
      [billing]: {
        name: 'Billing',
        status,
        tokens: {
          keys: [
            { name: 'laptop', publicKey: '${file:shared.pub}' },
            { name: 'server', publicKey: '${file:second.pub}', kid: 'server-key' },
          ],
        },
        subscriptions,
      },
      // The same key, registered by another application.
      [shop]: { tokens: { keys: [{ name: 'laptop', publicKey: '${file:shared.line.pub}' }] }, subscriptions },
      known: { claims: [{ issuer: 'alpha', match: { azp: 'known' } }], subscriptions },
    },
    apis: {
      orders: {
        listen: { path: '/orders' },
        upstream: target,
        access: {
          identify: { by: ['jwtKey'] },
          policy: { claim: trustSelfAsserted.includes('pol') ? 'pol' : false },
          trustSelfAsserted,
        },
        forward: { application: { 'X-App': 'id' } },
      },
      both: {
        listen: { path: '/both' },
        upstream: target,
        access: { issuers: ['alpha'], identify: { by: ['jwtClaims', 'jwtKey'] } },
        forward: { claims: { 'X-Subject': 'sub', 'X-Issuer': 'iss' }, application: { 'X-App': 'id' } },
      },
      scoped: {
        listen: { path: '/scoped' },
        upstream: target,
        access: {
          issuers: ['alpha'],
          identify: { by: ['jwtClaims', 'jwtKey'] },
          require: { scopes: { all: ['admin'] }, claims: [{ path: 'tier', equals: 'gold' }] },
        },
      },
    },
  }
}

async function ask(path: string, token: string, expected: number, method = 'GET') {
  const id = `own-tokens-${nonce++}`
  if (expected === 200) upstream.announce(id)
  const headers = { [nonceHeader]: id, Authorization: `Bearer ${token}` }
  const answer = await send(`${gateway.url}${path}`, { method, headers })
  expect([path, answer.status]).toEqual([path, expected])
  return upstream.received(id)?.headers
}

beforeAll(async () => {
  const pem = shared.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  writeFileSync(join(folder, 'shared.pub'), pem)
  // As `tr -d "\n"` leaves it.
  writeFileSync(join(folder, 'shared.line.pub'), pem.replaceAll('\n', ''))
  writeFileSync(join(folder, 'second.pub'), second.publicKey.export({ type: 'spki', format: 'pem' }))
  upstream = await startAnnouncedUpstream()
  gateway = await startGateway({ config: config(), workers: 1, folder })
})
afterAll(async () => {
  await cleanUp()
  await upstream.close()
})

describe('tokens that applications sign themselves', () => {
  it('say who is calling, by any of its keys and the id of each', async () => {
    expect(await ask('/orders/7', ownToken(billing), 200)).toMatchObject({ 'x-app': billing })
    const thumbprint = { kid: 'server-key' }
    expect(
      await ask('/orders/7', ownToken(billing, { key: second.privateKey, header: thumbprint }), 200),
    ).toMatchObject({
      'x-app': billing,
    })
    await ask('/orders/7', ownToken(billing, { header: { kid: 'another' } }), 401)
    await ask(
      '/orders/7',
      ownToken(billing, { key: second.privateKey, header: { kid: keyIdOf(shared.privateKey) } }),
      401,
    )
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await ask('/orders/7', ownToken(billing, { key: stranger.privateKey }), 401)
  })

  it('two applications that share a key are told apart by `iss`', async () => {
    expect(await ask('/orders/7', ownToken(shop), 200)).toMatchObject({ 'x-app': shop })
    expect(await ask('/orders/7', ownToken(billing), 200)).toMatchObject({ 'x-app': billing })
  })

  it.each([
    ['another issuer', { iss: 'https://alpha.example' }],
    ['no issuer', { iss: undefined }],
    ['another subject', { sub: shop }],
    ['no subject', { sub: undefined }],
    ['another audience', { aud: 'apicentral' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['its end behind it', { exp: 1 }],
    ['a time of issue ahead', { iat: Math.floor(Date.now() / 1000) + 3600 }],
  ])('with %s is refused', async (_, claims) => {
    await ask('/orders/7', ownToken(billing, { claims }), 401)
  })

  it('S25 an application that claims a policy, a scope, another subject or a role gets nothing by it', async () => {
    const claims = {
      pol: 'gold',
      scope: 'admin',
      tier: 'gold',
      limit: 1e9,
      azp: 'known',
      realm_access: { roles: ['admin'] },
    }
    const boasting = ownToken(billing, { claims })
    for (let use = 0; use < 3; use += 1) {
      await ask('/orders/7', boasting, 200)
      await ask('/orders/7', boasting, 403, 'POST')
      await ask('/scoped/7', boasting, 401)
      const { 'x-app': app, 'x-subject': subject, 'x-issuer': issuer } = (await ask('/both/7', boasting, 200)) ?? {}
      expect({ app, subject, issuer }).toEqual({ app: billing, subject: undefined, issuer: undefined })
    }
  })

  it('stand beside tokens of an issuer, whose claims count', async () => {
    const now = Math.floor(Date.now() / 1000)
    const issued = (claims: readonly (readonly [string, unknown])[]): string =>
      mint({ key: 'a0', claims: [['azp', 'known'], ...claims], header: {}, spoil: 'nothing' }, now)
    expect(await ask('/both/7', issued([['sub', 'alice']]), 200)).toMatchObject({
      'x-app': 'known',
      'x-subject': 'alice',
    })
    await ask(
      '/scoped/7',
      issued([
        ['scope', 'admin'],
        ['tier', 'gold'],
      ]),
      200,
    )
    await ask('/orders/7', issued([]), 401)
  })

  it('believe what an API lists', async () => {
    await replaceConfig(gateway, config('active', ['pol']), ++generation)
    await ask('/orders/7', ownToken(billing, { claims: { pol: 'gold' } }), 200, 'POST')
    await ask('/orders/7', ownToken(billing, { claims: { pol: 'ghost' } }), 403)
    await ask('/orders/7', ownToken(billing), 403, 'POST')
    await replaceConfig(gateway, config(), ++generation)
  })

  it('end with the suspension of their application, seen before or not', async () => {
    const token = ownToken(billing)
    for (let use = 0; use < 3; use += 1) await ask('/orders/7', token, 200)
    await replaceConfig(gateway, config('suspended'), ++generation)
    await ask('/orders/7', token, 403)
    await ask('/orders/7', ownToken(shop), 200)
    await replaceConfig(gateway, config(), ++generation)
    await ask('/orders/7', token, 200)
    expect(upstream.unexpected()).toEqual([])
  })
})
