import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { ConfigInput } from '@jotgate/contract'
import fc from 'fast-check'
import type { JWK } from 'jose'
import type { ModelRequest } from './model-gateway.ts'

/** What may happen to a gateway. Plain data that means something at any place of any history, so that histories shrink. */
export type Step =
  | { readonly kind: 'request'; readonly path: string; method: string; carry: Carry; token: TokenRecipe }
  /** The provider answers these of its keys from now on. */
  | { readonly kind: 'publish'; readonly keys: readonly string[]; readonly refresh: boolean }
  | { readonly kind: 'reload'; readonly dial: keyof Dials; readonly choice: number }
  | { readonly kind: 'reload_invalid'; readonly fault: object }
  | { readonly kind: 'distrust'; readonly key: string }
  | { readonly kind: 'clock'; readonly bySeconds: number }
  | { readonly kind: 'restart' }

/** How a token is made, or which earlier one of the history is sent again. */
export type TokenRecipe =
  | { readonly again: number }
  | { readonly key: string; claims: readonly ClaimChange[]; header: HeaderChange; spoil: Spoil }

interface TestKey {
  readonly kid: string
  readonly alg: 'ES256' | 'EdDSA' | 'HS256'
  readonly iss: string | undefined
  /** What verifies; of a secret nothing. */
  readonly jwk: JWK
  readonly private: KeyObject | Buffer
}

const tenant = (name: string): string => `https://login.example/${name}/v2`
const issuers: Readonly<Record<string, string>> = {
  a: 'https://alpha.example',
  b: 'https://beta.example',
  t: tenant('one'),
  x: 'https://alpha.example',
}

/** `a`: in the configuration; `b`: fetched; `t`: of tenants; `s`: secrets; `x`: nobody's. */
export const keys: ReadonlyMap<string, TestKey> = new Map(
  ['a0', 'a1', 'ae', 'b0', 'b1', 'b2', 'b3', 't0', 's0', 's1', 'x0'].map((kid) => [kid, makeKey(kid)]),
)
export const environment: Readonly<Record<string, string>> = {
  JOTGATE_SECRET_S0: secretText('s0'),
  JOTGATE_SECRET_S1: secretText('s1'),
}

function makeKey(kid: string): TestKey {
  const iss = issuers[kid.charAt(0)]
  if (kid.startsWith('s'))
    return { kid, alg: 'HS256', iss, jwk: {}, private: Buffer.from(randomBytes(24).toString('hex')) }
  const alg = kid === 'ae' ? 'EdDSA' : 'ES256'
  const pair = alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Where a real set says `alg` it may be left out as well: these say it only of every second key.
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, ...(kid.endsWith('1') ? { alg } : {}) } as JWK
  return { kid, alg, iss, jwk, private: pair.privateKey }
}

function keyOf(kid: string): TestKey {
  const key = keys.get(kid)
  if (key === undefined) throw new Error(`no key ${kid}`)
  return key
}

function secretText(kid: string): string {
  return keyOf(kid).private.toString()
}

const admin = { path: '/admin/*', require: { scopes: { all: ['admin'] } } }
const open = { path: '/open/*', override: true, access: 'public' as const }
const cookie = { cookie: 'session', origins: ['https://app.example'] }

/** What reloads turn, one at a time. The first of each list is the start. */
export const dials = {
  alphaKeys: [['a0', 'a1'], ['a0'], ['a1'], ['a0', 'a1', 'ae'], ['a1 as a0']],
  alphaAlgorithms: [undefined, ['ES256' as const]],
  alphaAudiences: [['orders'], ['orders', 'billing'], ['billing'], undefined],
  alphaSkew: [undefined, { exp: '0s', nbf: '0s', iat: '0s' }, { exp: '300s', nbf: '300s', iat: '300s' }],
  alphaLifetime: [undefined, '5m'],
  alphaClaims: [[], ['sub'], ['tenant.id']],
  alphaAccept: ['accessToken' as const, 'rfc9068' as const, 'idToken' as const],
  beta: [true, false],
  orders: [true, false],
  ordersIssuers: [['alpha', 'beta'], ['alpha'], ['beta', 'alpha']],
  ordersMethods: [undefined, ['GET', 'POST']],
  ordersToken: [
    undefined,
    [{ header: 'authorization' }, { query: 'jwt' }, cookie],
    [cookie, { header: 'authorization' }],
  ],
  ordersBytes: [undefined, '450B'],
  ordersRequire: [
    {},
    { scopes: { any: ['read', 'write'] } },
    { scopes: { all: ['read', 'admin'] } },
    { claims: ['tier', { path: 'tier', oneOf: ['gold', 'silver'] }] },
    { claims: [{ path: 'level', min: 2 }] },
    { claims: [{ path: 'roles', contains: 'admin' }] },
  ],
  ordersRoutes: [[], [admin], [open, admin], [{ path: '/admin/*', override: true, require: { claims: ['tier'] } }]],
  ordersForward: [{}, { 'X-Nick': { claim: 'nick', unprintable: 'refuse' as const } }],
  legacySecret: ['S0', 'S1'],
}
export type Dials = { readonly [D in keyof typeof dials]: number }
export const firstDials = Object.fromEntries(Object.keys(dials).map((dial) => [dial, 0])) as unknown as Dials

function at<T>(list: readonly T[], choice: number): T {
  return list[choice % list.length] as T
}

/** The configuration these dials come to. */
export function documentOf(choices: Dials, upstreamUrl: string, jwksUri: string): ConfigInput {
  const turned = <D extends keyof Dials>(dial: D): (typeof dials)[D][number] => {
    const list: readonly (typeof dials)[D][number][] = dials[dial]
    return at(list, choices[dial])
  }
  const given = turned('ordersIssuers').filter((id) => id === 'alpha' || turned('beta'))
  const upstream = { targets: [upstreamUrl] }
  const audiences = turned('alphaAudiences')
  const alpha = {
    issuer: issuers.a ?? '',
    keys: { jwks: { keys: turned('alphaKeys').map((name) => publicJwk(name)) } },
    ...(audiences === undefined ? { anyAudience: true } : { audiences }),
    ...only({
      algorithms: turned('alphaAlgorithms'),
      clockSkew: turned('alphaSkew'),
      maxLifetime: turned('alphaLifetime'),
    }),
    requireClaims: turned('alphaClaims'),
    accept: turned('alphaAccept'),
  }
  const beta = {
    issuer: issuers.b ?? '',
    keys: { jwksUri },
    audiences: ['orders'],
    jwks: { cooldown: '100ms' },
    allowInsecureHttp: true,
  }
  const tenants = {
    issuer: tenant('{tenant}'),
    tenants: ['one', 'two'],
    keys: { jwks: { keys: [publicJwk('t0')] } },
    audiences: ['orders'],
  }
  const legacy = {
    requireIssuer: false,
    requireExp: false,
    anyAudience: true,
    keys: { sharedSecret: `\${env:JOTGATE_SECRET_${turned('legacySecret')}}` },
  }
  const orders = {
    listen: { path: '/orders' },
    upstream,
    ...only({ methods: turned('ordersMethods') }),
    access: {
      issuers: given,
      require: turned('ordersRequire'),
      ...only({ token: turned('ordersToken'), tokenBytesMax: turned('ordersBytes') }),
    },
    routes: turned('ordersRoutes'),
    forward: { claims: turned('ordersForward') },
  }
  return {
    version: 1,
    gateway: { trace: { accepted: true } },
    issuers: { alpha, ...(turned('beta') ? { beta } : {}), tenants, legacy },
    apis: {
      ...(turned('orders') ? { orders } : {}),
      newer: { listen: { path: '/orders/v2' }, upstream, access: { issuers: ['alpha'] } },
      tenants: { listen: { path: '/tenants' }, upstream, access: { issuers: ['tenants'] } },
      legacy: { listen: { path: '/legacy' }, upstream, access: { issuers: ['legacy'] } },
      open: { listen: { path: '/open' }, upstream, access: 'public' },
    },
  } as ConfigInput
}

/** A schema without what is undefined: keys that are there count as written. */
function only<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** `a1 as a0`: another key under a known kid. */
export function publicJwk(name: string): JWK {
  const [kid = '', alias = kid] = name.split(' as ')
  return { ...keyOf(kid).jwk, kid: alias }
}

/** What a claim says instead; by seconds around now where it is a time. */
type ClaimChange = readonly [claim: string, value: unknown] | readonly [claim: 'exp' | 'nbf' | 'iat', 'now', by: number]
type HeaderChange = { readonly [member: string]: unknown }

const claimChanges: readonly ClaimChange[] = [
  ...[-301, -300, -299, -31, -30, -1, 0, 1, 5, 60, 301, 90_000].map((by) => ['exp', 'now', by] as const),
  ...[-5, 0, 1, 5, 30, 31, 60, 300, 301].map((by) => ['nbf', 'now', by] as const),
  ...[-4000, 1, 5, 60, 61, 300, 301].map((by) => ['iat', 'now', by] as const),
  ...(['exp', 'iat', 'iss', 'aud', 'sub', 'jti', 'scope', 'client_id', 'tenant'] as const).map(
    (claim) => [claim, undefined] as const,
  ),
  ...['text', null].flatMap((value) => [['exp', value] as const, ['nbf', value] as const]),
  ...['billing', ['x', 'orders'], [], 'ORDERS', 5, ['orders', 5]].map((value) => ['aud', value] as const),
  ...[
    'https://alpha.example/',
    'https://beta.example',
    'https://elsewhere.example',
    tenant('two'),
    tenant('three'),
    7,
  ].map((value) => ['iss', value] as const),
  ...['', 'line\nbreak', 7].map((value) => ['sub', value] as const),
  ...['write', 'read admin', ['admin', 'read'], 'readx', 'admin', 5].map((value) => ['scope', value] as const),
  ...['bronze', null, ['gold'], 'silver'].map((value) => ['tier', value] as const),
  ...[1, 2, '3'].map((value) => ['level', value] as const),
  ...['admin user', [], 5, 'administrator'].map((value) => ['roles', value] as const),
  ...['one', 'two'].map((value) => ['tid', value] as const),
  ...[{ jkt: 'x' }, 'x'].map((value) => ['cnf', value] as const),
  ...['Zoë', ' ends', 5].map((value) => ['nick', value] as const),
  ['nonce', 'n'],
  ['typ', 'ID'],
  ['token_use', 'refresh'],
  ['tenant.id', null],
]
const headerChanges: readonly HeaderChange[] = [
  ...['JWT', 'at+jwt', 'application/at+jwt', 'AT+JWT', 'dpop+jwt', 7].map((typ) => ({ typ })),
  ...['nobody', 'a0', 'b0', 'b3', 5].map((kid) => ({ kid })),
  ...['none', 'HS256', 'HS384', 'ES384', 'es256', 'Ed25519', 'ES256', 7, undefined].map((alg) => ({ alg })),
  ...[
    { crit: ['exp'] },
    { b64: false },
    { jwk: {} },
    { jku: 'https://x' },
    { x5c: [] },
    { cty: 'JWT' },
    { b64: true, crit: ['b64'] },
  ],
]

/** What is done to the finished token. */
const spoils = {
  nothing: (token: string) => token,
  signature: (token: string) => token.replace(/.{9}$/, (end) => (end.startsWith('A') ? 'B' : 'A') + end.slice(1)),
  payload: (token: string) =>
    token.replace(/\..*\./, `.${encode('{"iss":"https://alpha.example","aud":"orders","exp":9e9}')}.`),
  twoParts: (token: string) => token.slice(0, token.lastIndexOf('.')),
  fiveParts: (token: string) => `${token}.x.y`,
  padding: (token: string) => `${token}==`,
  alphabet: (token: string) => token.replace('.', '+.'),
  spareBits: (token: string) => token.slice(0, -1) + (token.endsWith('B') ? 'D' : 'B'),
  noSignature: (token: string) => token.slice(0, token.lastIndexOf('.') + 1),
  shortSignature: (token: string) => token.slice(0, -4),
  header: (token: string) => token.replace(/^[^.]*/, encode('not json')),
  list: (token: string) => token.replace(/\..*\./, `.${encode('[1]')}.`),
  long: (token: string) => token.padEnd(8193, 'A'),
  opaque: () => 'an-opaque-token',
  empty: () => '',
}
type Spoil = keyof typeof spoils | 'twice'

/** Signs as told; `now` in seconds. */
export function mint(recipe: Exclude<TokenRecipe, { again: number }>, now: number): string {
  const { kid, alg, iss, private: key } = keyOf(recipe.key)
  const usual = {
    iss,
    aud: 'orders',
    sub: 'somebody',
    iat: now,
    exp: now + 60,
    jti: 'j',
    client_id: 'c',
    tenant: { id: 'x' },
  }
  const rich = { scope: 'read', tier: 'gold', level: 3, roles: ['admin'] }
  const changes = recipe.claims.map((change) => [change[0], change.length === 3 ? now + change[2] : change[1]])
  // A key fetched late is never asked for by a token without a kid, so that one is left to the other issuers.
  const header = { alg, kid: kid.startsWith('s') ? undefined : kid, ...recipe.header }
  const claims = JSON.stringify({ ...usual, ...rich, ...Object.fromEntries(changes) })
  const payload = recipe.spoil === 'twice' ? claims.replace('{', '{"level":1,') : claims
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`
  const bytes = Buffer.from(input)
  const signature = Buffer.isBuffer(key)
    ? createHmac('sha256', key).update(bytes).digest()
    : sign(alg === 'EdDSA' ? undefined : 'sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
  const token = `${input}.${signature.toString('base64url')}`
  return recipe.spoil === 'twice' ? token : spoils[recipe.spoil](token)
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** Where in a request the token goes. */
const carries = {
  bearer: (token: string) => ({ headers: [['Authorization', `Bearer ${token}`]] }),
  lowerCase: (token: string) => ({ headers: [['authorization', `bearer   ${token}`]] }),
  basic: (token: string) => ({ headers: [['Authorization', `Basic ${token}`]] }),
  twice: (token: string) => ({
    headers: [
      ['Authorization', `Bearer ${token}`],
      ['Authorization', 'Bearer x'],
    ],
  }),
  nowhere: () => ({ headers: [] }),
  query: (token: string) => ({ query: `?a=1&jwt=${token}`, headers: [] }),
  hiddenQuery: (token: string) => ({ query: `?jw%74=${token}`, headers: [] }),
  stray: (token: string) => ({ query: '?access_token=x', headers: [['Authorization', `Bearer ${token}`]] }),
  both: (token: string) => ({ query: '?jwt=x', headers: [['Authorization', `Bearer ${token}`]] }),
  cookie: (token: string) => ({ headers: [['Cookie', `a=b; session=${token}; c=d`]] }),
  cookieOfApp: (token: string) => ({
    headers: [
      ['Cookie', `session=${token}`],
      ['Origin', 'https://app.example'],
    ],
  }),
  twoCookies: (token: string) => ({ headers: [['Cookie', `session=${token}; session=${token}`]] }),
} satisfies Record<
  string,
  (token: string) => { readonly query?: string; readonly headers: readonly (readonly string[])[] }
>
type Carry = keyof typeof carries

/** The request a step sends, without what the harness adds. */
export function requestOf({ path, method, carry }: Extract<Step, { kind: 'request' }>, token: string): ModelRequest {
  const carried: { readonly query?: string; readonly headers: readonly (readonly string[])[] } = carries[carry](token)
  const headers = carried.headers.map(([name = '', value = '']) => [name, value] as const)
  return { method, target: path + (carried.query ?? ''), headers: [['Host', 'gateway.test'], ...headers] }
}

const usualPaths = ['/orders', '/orders/7', '/orders/admin/x', '/orders/open/y', '/orders/v2/z', '/%6frders/a']
const otherPaths = [
  '/open',
  '/nowhere',
  '/ordersx',
  '/',
  '/orders/../open',
  '/orders/%2e%2e/x',
  '/orders%2fx',
  '/orders//x',
]
const badPaths = [
  '/orders;a/x',
  '/nowhere;a',
  '/orders/%zz',
  '/orders/a%5cb',
  '//orders',
  '/orders/.',
  '/orders/v2%2f..',
]
const remote = ['b0', 'b1', 'b2', 'b3']

const often = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const recipe: fc.Arbitrary<TokenRecipe> = fc.record({
  key: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a0', 'a1', 'b0', 'b1') },
    { weight: 2, arbitrary: fc.constantFrom('ae', 'b2', 'b3', 'x0') },
  ),
  claims: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 5, arbitrary: fc.array(fc.constantFrom(...claimChanges), { minLength: 1, maxLength: 2 }) },
  ),
  header: often<HeaderChange>({}, ...headerChanges),
  spoil: often<Spoil>('nothing', 'twice', ...(Object.keys(spoils) as Spoil[])),
})
const token = fc.oneof({ weight: 5, arbitrary: recipe }, { weight: 5, arbitrary: fc.record({ again: fc.nat(20) }) })
const request: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('request' as const),
  path: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...usualPaths) },
    { weight: 1, arbitrary: fc.constantFrom(...otherPaths) },
    { weight: 1, arbitrary: fc.constantFrom(...badPaths) },
  ),
  method: often('GET', 'POST', 'HEAD', 'DELETE', 'TRACE', 'PURGE'),
  carry: often<Carry>('bearer', ...(Object.keys(carries) as Carry[])),
  token,
})
/** Issuers with an API of their own: a token of theirs, to it. */
const elsewhere: fc.Arbitrary<Step> = fc
  .tuple(recipe, fc.constantFrom(['t0', '/tenants/1'] as const, ['s0', '/legacy'] as const, ['s1', '/legacy'] as const))
  .map(([made, [key, path]]) => ({
    kind: 'request',
    path,
    method: 'GET',
    carry: 'bearer',
    token: { ...made, key } as TokenRecipe,
  }))

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: request },
  { weight: 4, arbitrary: elsewhere },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      keys: fc.oneof(
        { weight: 1, arbitrary: fc.subarray(remote) },
        { weight: 3, arbitrary: fc.subarray(remote, { minLength: 1 }) },
      ),
      refresh: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('reload' as const),
      dial: fc.constantFrom(...(Object.keys(dials) as (keyof Dials)[])),
      choice: fc.nat(5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reload_invalid' as const),
      fault: fc.constantFrom({ apis: {}, nonsense: 1 }, { version: 2 }, { issuers: {} }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('distrust' as const), key: fc.constantFrom(...remote) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      bySeconds: fc.constantFrom(-90_000, -3600, 1, 5, 25, 30, 55, 60, 240, 300, 3600, 90_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

/** Histories of up to this many steps. */
export function histories(stepsMax: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { minLength: 8, maxLength: stepsMax, size: 'max' })
}
