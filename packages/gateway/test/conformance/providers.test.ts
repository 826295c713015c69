import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { formatProblems } from '../../src/app/config/format-problems.ts'
import { type LoadedConfig, loadConfig } from '../../src/app/config/load-config.ts'
import { explainOffline } from '../../src/app/offline-explain.ts'
import type { Decision } from '../../src/domain/decision.ts'
import { ok } from '../../src/domain/result.ts'

/** A token as the provider makes it: its header and claims, word for word in shape, with invented values. */
interface Fixture {
  readonly header: { readonly alg: string; readonly kid: string; readonly [member: string]: unknown }
  readonly claims: { readonly iat: number; readonly exp: number; readonly [claim: string]: unknown }
}

const fixtures = new URL('../fixtures/providers/', import.meta.url)
const guides = new URL('../../../../docs/guides/', import.meta.url)
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8'))
}

function compact({ header, claims }: Fixture, key: KeyObject = privateKey): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** The YAML a guide prints under a heading (or first of all), its keys replaced by ours under the fixture's `kid`. */
async function configured(guide: string, heading: string, kid: string, keyIssuer?: string): Promise<LoadedConfig> {
  const text = readFileSync(new URL(`${guide}.md`, guides), 'utf8')
  const section = heading === '' ? text : text.slice(text.indexOf(`\n## ${heading}\n`))
  const block = /^```yaml\n([\s\S]*?)^```/m.exec(section)?.[1] ?? ''
  const document: { issuers: Record<string, object> } = parse(block)
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
  const keys = { jwks: { keys: [keyIssuer === undefined ? jwk : { ...jwk, issuer: keyIssuer }] } }
  const issuers = Object.fromEntries(Object.entries(document.issuers).map(([id, issuer]) => [id, { ...issuer, keys }]))
  const bytes = Buffer.from(JSON.stringify({ ...document, issuers }))
  const files = { realPath: async (path: string) => path, readBytes: async () => ok(bytes) }
  const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs: 0, files }
  const loaded = await loadConfig('/guide/jotgate.json', ports)
  if (!loaded.ok) throw new Error(formatProblems(loaded.error))
  return loaded.value
}

/** Judges a token by the engine of the gateway, a minute after the fixture was issued. */
async function judge(loaded: LoadedConfig, token: string, atSeconds: number): Promise<Decision> {
  const rawHeaders = ['Host', 'localhost', 'Authorization', `Bearer ${token}`]
  const request = { method: 'GET', target: '/orders', rawHeaders, peer: '127.0.0.1' }
  const options = { dataDir: undefined, nowMs: (atSeconds + 60) * 1000, file: 'guide' }
  return (await explainOffline(request, loaded, options)).decision
}

function reasonOf({ outcome, reason }: Decision): string {
  return reason ?? outcome
}

/** Guide, heading, and the fixture it is about. */
const accepted = [
  ['keycloak', '', 'keycloak-access-token'],
  ['auth0', '', 'auth0-access-token'],
  ['auth0', '', 'auth0-client-credentials'],
  ['auth0', '', 'auth0-rfc9068'],
  ['any-oidc-provider', 'Okta', 'okta-access-token'],
  ['any-oidc-provider', 'Microsoft Entra ID', 'entra-v2-access-token'],
  ['any-oidc-provider', 'Amazon Cognito', 'cognito-access-token'],
  ['any-oidc-provider', 'Firebase and Google sign-in', 'firebase-id-token'],
  ['any-oidc-provider', 'Firebase and Google sign-in', 'google-id-token'],
] as const

describe.each(accepted)('guide %s %s: %s', (guide, heading, name) => {
  const token = fixture(name)
  const { header, claims } = token

  it('is let through by the configuration the guide prints', async () => {
    const decision = await judge(await configured(guide, heading, header.kid), compact(token), claims.iat)
    expect(reasonOf(decision)).toBe('forwarded')
  })

  it.each([
    ['another issuer', { claims: { ...claims, iss: `${claims.iss}x` } }, 'issuer_untrusted'],
    [
      'an issuer with other slashes',
      { claims: { ...claims, iss: otherSlash(String(claims.iss)) } },
      'issuer_untrusted',
    ],
    ['no issuer', { claims: { ...claims, iss: undefined } }, 'issuer_untrusted'],
    ['no exp', { claims: { ...claims, exp: undefined } }, 'claim_missing'],
    ['an exp long past', { claims: { ...claims, exp: claims.iat - 3600 } }, 'token_expired'],
    ['the type of another token', { header: { ...header, typ: 'logout+jwt' } }, 'typ_mismatch'],
    ['a key the provider does not list', { header: { ...header, kid: 'other' } }, 'key_unknown'],
    ['an algorithm the provider does not use', { header: { ...header, alg: 'RS512' } }, 'alg_not_allowed'],
    ['a binding to its sender', { claims: { ...claims, cnf: { jkt: 'x' } } }, 'confirmation_required'],
  ])('with %s it is refused', async (_what, change, reason) => {
    const loaded = await configured(guide, heading, header.kid)
    // JSON leaves undefined members out, and `change` replaces what the fixture had.
    const changed = { ...token, ...change } as Fixture
    expect(reasonOf(await judge(loaded, compact(changed), claims.iat))).toBe(reason)
  })

  it('signed by anybody else it is refused, also with the public key as an HMAC secret', async () => {
    const loaded = await configured(guide, heading, header.kid)
    expect(reasonOf(await judge(loaded, compact(token, stranger.privateKey), claims.iat))).toBe('signature_invalid')
    const forged = [{ ...header, alg: 'HS256' }, claims]
    const input = forged.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const secret = publicKey.export({ type: 'spki', format: 'pem' })
    const mac = createHmac('sha256', secret).update(input).digest('base64url')
    expect(reasonOf(await judge(loaded, `${input}.${mac}`, claims.iat))).toBe('alg_not_allowed')
  })
})

function otherSlash(iss: string): string {
  return iss.endsWith('/') ? iss.slice(0, -1) : `${iss}/`
}

describe('what each guide says is refused, is', () => {
  const keycloak = ['keycloak', ''] as const
  const auth0 = ['auth0', ''] as const
  const okta = ['any-oidc-provider', 'Okta'] as const
  const entra = ['any-oidc-provider', 'Microsoft Entra ID'] as const
  const cognito = ['any-oidc-provider', 'Amazon Cognito'] as const
  const google = ['any-oidc-provider', 'Firebase and Google sign-in'] as const
  const plain = ['any-oidc-provider', ''] as const

  it.each([
    ["Keycloak's ID token", keycloak, 'keycloak-id-token', {}, 'token_kind'],
    ['a Keycloak token without an audience mapper', keycloak, 'keycloak-client-credentials', {}, 'audience_mismatch'],
    ['a Keycloak refresh token', keycloak, 'keycloak-access-token', { typ: 'Refresh' }, 'token_kind'],
    ['a Keycloak token without the scope', keycloak, 'keycloak-access-token', { scope: 'openid' }, 'scope_missing'],
    [
      'an Auth0 token for another API',
      auth0,
      'auth0-client-credentials',
      { aud: 'https://bills' },
      'audience_mismatch',
    ],
    ['an Auth0 token without the scope', auth0, 'auth0-client-credentials', { scope: 'write:x' }, 'scope_missing'],
    ["Okta's scopes as `scope`", okta, 'okta-access-token', { scp: undefined, scope: 'orders.read' }, 'scope_missing'],
    ["Okta's default audience", okta, 'okta-access-token', { aud: 'api://default' }, 'audience_mismatch'],
    ['an Entra token of version 1', entra, 'entra-v1-access-token', {}, 'issuer_untrusted'],
    [
      'an Entra token whose tid says another tenant',
      entra,
      'entra-v2-access-token',
      { tid: 'other' },
      'issuer_untrusted',
    ],
    [
      'an Entra token of a tenant that is not listed',
      entra,
      'entra-v2-access-token',
      { iss: 'https://login.microsoftonline.com/other/v2.0', tid: 'other' },
      'issuer_untrusted',
    ],
    ["Cognito's ID token", cognito, 'cognito-id-token', {}, 'token_kind'],
    ["another client's Cognito token", cognito, 'cognito-access-token', { client_id: 'other' }, 'claim_mismatch'],
    ["another project's Firebase token", google, 'firebase-id-token', { aud: 'other' }, 'audience_mismatch'],
    ['a Google ID token for another client', google, 'google-id-token', { aud: 'other' }, 'audience_mismatch'],
  ] as const)('%s', async (_what, [guide, heading], name, change, reason) => {
    const token = fixture(name)
    const changed = { ...token, claims: { ...token.claims, ...change } } as Fixture
    const loaded = await configured(guide, heading, token.header.kid)
    expect(reasonOf(await judge(loaded, compact(changed), token.claims.iat))).toBe(reason)
  })

  it("S3 an Entra key that is one tenant's vouches for that tenant alone", async () => {
    const token = fixture('entra-v2-access-token')
    const base = 'https://login.microsoftonline.com'
    const reasons: string[] = []
    for (const keyIssuer of [`${base}/{tenantid}/v2.0`, String(token.claims.iss), `${base}/another/v2.0`]) {
      const loaded = await configured(...entra, token.header.kid, keyIssuer)
      reasons.push(reasonOf(await judge(loaded, compact(token), token.claims.iat)))
    }
    expect(reasons).toEqual(['forwarded', 'forwarded', 'issuer_untrusted'])
  })

  it('an ID token opens nothing where nothing says `accept: idToken`', async () => {
    const token = fixture('google-id-token')
    const loaded = await configured(...plain, token.header.kid)
    const claims = { ...token.claims, iss: 'https://id.example.com', aud: 'orders-api' }
    expect(reasonOf(await judge(loaded, compact({ ...token, claims }), claims.iat))).toBe('token_kind')
  })
})

it('every fixture is judged by some test here', () => {
  const source = readFileSync(fileURLToPath(import.meta.url), 'utf8')
  const names = readdirSync(fixtures).map((name) => name.replace('.json', ''))
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !source.includes(`'${name}'`))).toEqual([])
})
