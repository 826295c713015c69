import '../support/mute-provider.ts'

import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error the package ships no types
import Provider from 'oidc-provider'

/** A private JWK a provider signs with. */
export type SigningKey = Readonly<Record<string, unknown>> & { readonly kid: string }

/** What a provider may be made to do instead of answering; `empty` is a good answer that lists no key. */
export type ProviderFault = 'stopped' | 'hung' | 'html' | 'huge' | 'garbage' | 'empty'

/** An `oidc-provider` on loopback whose port outlives its keys, its faults and its restarts. */
export interface TestProvider {
  readonly issuer: string
  /** Requests so far by path, those a fault answered included. */
  readonly requests: (path: string) => number
  /** An access token of the client credentials grant for a resource of `resources`. */
  readonly accessToken: (resource: string) => Promise<string>
  /** An ID token of the code flow, as a browser would bring it about. */
  readonly idToken: () => Promise<string>
  readonly revoke: (token: string) => Promise<void>
  /**
   * Publishes these keys and signs with the first that fits. The library reads its keys once, so that a new provider
   * takes the old one's place on the same server: no connection is refused meanwhile.
   */
  readonly rotate: (keys: readonly SigningKey[]) => void
  readonly fail: (fault: ProviderFault) => Promise<void>
  readonly recover: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The resources (RFC 8707) tokens are issued for: audience, form and algorithm. */
export const resources = {
  'https://orders.test': { audience: 'https://orders.test', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
  'https://orders.test/es256': {
    audience: 'https://orders.test',
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  },
  'https://elsewhere.test': { audience: 'https://elsewhere.test', accessTokenFormat: 'jwt' },
  'https://opaque.test': { audience: 'https://orders.test', accessTokenFormat: 'opaque' },
  'https://opaque.test/short': { audience: 'https://orders.test', accessTokenFormat: 'opaque', accessTokenTTL: 3 },
  'https://opaque.test/elsewhere': { audience: 'https://elsewhere.test', accessTokenFormat: 'opaque' },
} as const

/** The client of every token here; it may introspect and revoke too. */
export const client = { id: 'gate:way', secret: 'p%ss word' } as const
const redirectUri = 'https://app.test/callback'

export function makeSigningKey(kid: string, alg: 'RS256' | 'ES256'): SigningKey {
  const { privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

export async function startProvider(keys: readonly SigningKey[]): Promise<TestProvider> {
  const counts = new Map<string, number>()
  let fault: ProviderFault | undefined
  let serve: RequestListener = () => {}
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    counts.set(path, (counts.get(path) ?? 0) + 1)
    if (fault === undefined) serve(request, response)
    else misbehave(fault, request, response)
  })
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve()))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const rotate = (next: readonly SigningKey[]): void => {
    serve = createProvider(issuer, next)
  }
  rotate(keys)

  return {
    issuer,
    requests: (path) => counts.get(path) ?? 0,
    accessToken: async (resource) => {
      const { access_token } = await post(issuer, '/token', { grant_type: 'client_credentials', resource })
      return String(access_token)
    },
    idToken: async () => {
      const code = await authorize(issuer)
      const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri }
      return String((await post(issuer, '/token', grant)).id_token)
    },
    revoke: async (token) => void (await post(issuer, '/token/revocation', { token })),
    rotate,
    fail: async (next) => {
      fault = next
      if (next === 'stopped') await close()
    },
    recover: async () => {
      fault = undefined
      if (!server.listening) await listen(port)
    },
    close,
  }
}

function createProvider(issuer: string, keys: readonly SigningKey[]): RequestListener {
  const provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: ['not a secret: the cookies of a test'] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials', 'authorization_code'],
        redirect_uris: [redirectUri],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => false },
    ttl: {
      ClientCredentials: (_ctx: unknown, { resourceServer }: { resourceServer?: { accessTokenTTL?: number } }) =>
        resourceServer?.accessTokenTTL ?? 600,
      AccessToken: 600,
      IdToken: 600,
      Interaction: 600,
      Grant: 600,
      Session: 600,
    },
    findAccount: (_ctx: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/login/${interaction.uid}` },
    loadExistingGrant: async (ctx: ProviderContext) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_ctx: unknown, resource: keyof typeof resources) => ({
          scope: '',
          ...resources[resource],
        }),
      },
    },
  })
  const callback: RequestListener = provider.callback()
  return (request, response) => {
    if (request.url?.startsWith('/login/')) {
      void provider.interactionFinished(request, response, { login: { accountId: 'somebody' } })
    } else callback(request, response)
  }
}

/** The few parts of the library's request context that are used here. */
interface ProviderContext {
  readonly oidc: {
    readonly provider: {
      readonly Grant: new (given: object) => { addOIDCScope: (scope: string) => void; save: () => Promise<string> }
    }
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
  }
}

const mebibyte = Buffer.alloc(1 << 20, ' ')

function misbehave(fault: ProviderFault, request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  if (fault === 'html') {
    response.setHeader('Content-Type', 'text/html')
    response.end('<!doctype html><title>Maintenance</title><p>We will be back soon.')
  } else if (fault === 'garbage') {
    response.setHeader('Content-Type', 'application/json')
    response.end('{"keys":[{"kty":"RSA","n":"AQAB"')
  } else if (fault === 'empty') {
    response.setHeader('Content-Type', 'application/jwk-set+json')
    response.end('{"keys":[]}')
  } else if (fault === 'huge') {
    response.setHeader('Content-Type', 'application/json')
    pour(response, 1024)
  }
}

/** Writes so many MiB, as fast as they are taken. */
function pour(response: ServerResponse, left: number): void {
  if (left === 0 || response.destroyed) response.end()
  else if (response.write(mebibyte)) setImmediate(pour, response, left - 1)
  else response.once('drain', () => pour(response, left - 1))
}

async function post(issuer: string, path: string, form: Readonly<Record<string, string>>): Promise<TokenAnswer> {
  const basic = [client.id, client.secret].map(encodeURIComponent).join(':')
  const answer = await fetch(issuer + path, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams(form),
  })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${text}`)
  return text === '' ? {} : JSON.parse(text)
}

interface TokenAnswer {
  readonly access_token?: string
  readonly id_token?: string
}

/** Follows the code flow as a browser does, cookies and redirects, and returns the code. */
async function authorize(issuer: string): Promise<string> {
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    nonce: 'n-0S6_WzA2Mj',
  })
  const cookies = new Map<string, string>()
  let url = new URL(`/auth?${query}`, issuer)
  for (let hop = 0; hop < 8; hop += 1) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const answer = await fetch(url, { headers: { cookie }, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split(/=(.*)/s) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null) throw new Error(`${url.pathname} answered ${answer.status}: ${await answer.text()}`)
    url = new URL(location, url)
    const code = url.href.startsWith(redirectUri) ? url.searchParams.get('code') : null
    if (code !== null) return code
  }
  throw new Error(`no code after 8 redirects, at ${url}`)
}
