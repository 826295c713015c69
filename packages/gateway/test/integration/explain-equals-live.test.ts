import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { registerApiKey } from '../../src/app/offline-api-key.ts'
import type { Decision } from '../../src/domain/decision.ts'
import type { DescribedRequest } from '../../src/domain/described-request.ts'
import { reasons } from '../../src/domain/reasons.ts'
import { err, ok } from '../../src/domain/result.ts'
import { createApiKeyHash } from '../../src/keys/api-key-hash.ts'
import type { GuardedFetch } from '../../src/outbound/fetch-request.ts'
import { issuerCounts } from '../../src/telemetry/counter-columns.ts'
import { counter, gauge } from '../../src/telemetry/counters.ts'
import { type AnnouncedUpstream, nonceHeader, startAnnouncedUpstream } from '../support/announced-upstream.ts'
import { filesBelow, findLeaks } from '../support/find-leaks.ts'
import { type InProcessGateway, inProcessApiKeyKey, startInProcess } from '../support/in-process-gateway.ts'
import { environment, mint, publicJwk } from '../support/model-histories.ts'
import { hasVectors, listVectors, readVectors } from '../support/public-vectors.ts'
import { openWire } from '../support/wire-caller.ts'
import { cleanUp, type GatewayProcess, makeFolder, send, startGateway, until } from './gateway-process.ts'

/** How one reason comes about. */
interface Scenario {
  readonly reason: string | undefined
  readonly path: string
  readonly method?: string
  /** Header lines; `TOKEN` stands for the token. */
  readonly lines?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: string
  /** Instead of a signed token. */
  readonly token?: string
  /** The configuration line that asks; undefined where none does. */
  readonly rule?: string
}

const bearer = ['Authorization: Bearer TOKEN']
const orders = { path: '/orders/7' }
/** Every reason a request can be refused with before an upstream is asked, and being let through. */
const scenarios: readonly Scenario[] = [
  { reason: undefined, ...orders },
  { reason: undefined, path: '/open' },
  { reason: 'bad_path', path: '/orders/../open' },
  { reason: 'bad_header', ...orders, lines: [...bearer, ...bearer] },
  { reason: 'bad_framing', ...orders, method: 'POST', lines: [...bearer, 'Transfer-Encoding: gzip, chunked'] },
  { reason: 'bad_framing', ...orders, method: 'POST', lines: ['Transfer-Encoding: chunked', 'Content-Length: 3'] },
  { reason: 'headers_too_large', ...orders, lines: Array.from({ length: 101 }, (_, at) => `X-${at}: 1`) },
  { reason: 'api_unknown', path: '/ordersx' },
  { reason: 'method_not_allowed', ...orders, method: 'PURGE', rule: 'apis.orders.methods' },
  { reason: 'loop_detected', path: '/open', lines: ['Via: 1.1 proxy, 1.1 model-gateway'] },
  {
    reason: 'preflight_refused',
    ...orders,
    method: 'OPTIONS',
    lines: ['Origin: https://evil.example', 'Access-Control-Request-Method: GET'],
    rule: 'apis.orders.cors.origins',
  },
  { reason: 'token_missing', ...orders, lines: [], rule: 'apis.orders.access.token' },
  {
    reason: 'token_ambiguous',
    ...orders,
    lines: [...bearer, 'Cookie: session=TOKEN'],
    rule: 'apis.orders.access.token',
  },
  { reason: 'token_too_large', ...orders, token: `a.b.${'c'.repeat(8200)}` },
  {
    reason: 'origin_not_allowed',
    ...orders,
    method: 'DELETE',
    lines: ['Cookie: session=TOKEN', 'Origin: https://evil.example'],
    rule: 'apis.orders.access.token',
  },
  { reason: 'token_malformed', ...orders, token: 'x.y.z' },
  { reason: 'token_malformed', ...orders, header: { jwk: {} } },
  { reason: 'alg_not_allowed', ...orders, header: { alg: 'none' }, rule: 'issuers.alpha.algorithms' },
  { reason: 'typ_mismatch', ...orders, header: { typ: 'logout+jwt' }, rule: 'issuers.alpha.accept' },
  { reason: 'token_kind', ...orders, claims: { nonce: 'n' }, rule: 'issuers.alpha.accept' },
  { reason: 'crit_unknown', ...orders, header: { crit: ['exp'] } },
  { reason: 'issuer_untrusted', ...orders, key: 'b0', rule: 'apis.orders.access.issuers' },
  { reason: 'key_unknown', ...orders, header: { kid: 'nobody' }, rule: 'issuers.alpha.keys' },
  { reason: 'keys_unavailable', path: '/fetched', key: 'b0', rule: 'issuers.fetched.keys' },
  { reason: 'signature_invalid', ...orders, key: 'x0', header: { kid: 'a0' }, rule: 'issuers.alpha.keys' },
  { reason: 'token_inactive', path: '/asked', token: 'revoked-token', rule: 'apis.asked.access.issuers' },
  { reason: 'introspection_unavailable', path: '/asked', token: 'unlucky-token', rule: 'issuers.asked.introspection' },
  { reason: 'token_expired', ...orders, claims: { exp: -100 }, rule: 'issuers.alpha.clockSkew.exp' },
  { reason: 'token_not_yet_valid', ...orders, claims: { nbf: 100 }, rule: 'issuers.alpha.clockSkew.nbf' },
  { reason: 'token_issued_in_future', ...orders, claims: { iat: 100 }, rule: 'issuers.alpha.clockSkew.iat' },
  { reason: 'lifetime_too_long', ...orders, claims: { exp: 4000 }, rule: 'issuers.alpha.maxLifetime' },
  { reason: 'audience_mismatch', ...orders, claims: { aud: 'billing' }, rule: 'issuers.alpha.audiences' },
  { reason: 'claim_missing', ...orders, claims: { sub: undefined }, rule: 'issuers.alpha.requireClaims' },
  { reason: 'claim_invalid', ...orders, claims: { sub: 'line\nbreak' } },
  { reason: 'claim_mismatch', ...orders, claims: { tier: 'tin' }, rule: 'apis.orders.access.require.claims[0]' },
  { reason: 'confirmation_required', ...orders, claims: { cnf: { jkt: 'x' } } },
  { reason: 'scope_missing', ...orders, claims: { scope: 'write' }, rule: 'apis.orders.access.require.scopes' },
  { reason: undefined, path: '/graded/read/1', claims: { pol: 'reader' } },
  { reason: 'policy_unknown', path: '/graded/read/1', claims: { pol: 'ghost' }, rule: 'apis.graded.access.policy' },
  { reason: 'no_policy', path: '/graded/read/1', rule: 'apis.graded.access.policy' },
  { reason: 'access_denied', path: '/graded/write', claims: { pol: 'reader' }, rule: 'apis.graded.access.policy' },
  { reason: 'policy_ended', path: '/graded/read/1', claims: { pol: 'trial' }, rule: 'policies.trial.validUntil' },
  {
    reason: 'token_too_old',
    path: '/graded/fresh',
    claims: { pol: 'fresh', iat: -600 },
    rule: 'policies.fresh.maxTokenAge',
  },
  { reason: undefined, path: '/known', claims: { azp: 'billing' } },
  { reason: undefined, path: '/keyed', lines: ['X-API-Key: a-key-of-another-gateway'] },
  {
    reason: 'api_key_expired',
    path: '/keyed',
    lines: ['X-API-Key: a-key-that-ran-out'],
    rule: 'applications.billing.apiKeys[1].validUntil',
  },
  { reason: 'api_key_missing', path: '/keyed', lines: [], rule: 'apis.keyed.access.identify' },
  {
    reason: 'api_key_invalid',
    path: '/keyed',
    lines: ['X-API-Key: 0969cf40-e558-4574-b462-42eafc85b906'],
    rule: 'apis.keyed.access.identify',
  },
  {
    reason: 'api_key_ambiguous',
    path: '/keyed',
    lines: ['X-API-Key: one', 'X_Api_Key: two'],
    rule: 'apis.keyed.access.identify',
  },
  { reason: 'application_unidentified', path: '/known', rule: 'apis.known.access.identify' },
  { reason: 'application_unidentified', path: '/known', claims: { tenant: 7 }, rule: 'apis.known.access.identify' },
  { reason: 'not_subscribed', path: '/known', claims: { azp: 'shop' }, rule: 'apis.known.access.identify' },
  {
    reason: 'application_ambiguous',
    path: '/known',
    claims: { azp: 'billing', tenant: 'north' },
    rule: 'applications.billing.claims[0]',
  },
  {
    reason: 'application_inactive',
    path: '/known',
    claims: { azp: 'old' },
    rule: 'applications.old.status',
  },
  {
    reason: 'body_too_large',
    ...orders,
    method: 'POST',
    lines: [...bearer, 'Content-Length: 1025'],
    rule: 'apis.orders.bodyBytesMax',
  },
  { reason: 'claim_unsendable', ...orders, claims: { nick: 'Zoë' }, rule: 'apis.orders.forward.claims.X-Nick' },
]

/** What no described request can bring about: something beyond the request and its token fails, or its connection does. */
const beyondRequests = [
  'upstream_refused',
  'upstream_timeout',
  'upstream_invalid',
  'caller_gone',
  'caller_slow',
  'body_timeout',
  'headers_timeout',
  'misdirected_request',
  'not_ready',
  'internal_error',
]

function configuration(upstreamUrl: string, providerUrl: string, hashApiKey: (apiKey: string) => string): object {
  const upstream = { targets: [upstreamUrl] }
  const alpha = {
    issuer: 'https://alpha.example',
    keys: { jwks: { keys: [publicJwk('a0')] } },
    audiences: ['orders'],
    maxLifetime: '1h',
    requireClaims: ['sub'],
    accept: 'accessToken',
    algorithms: ['ES256'],
    clockSkew: { iat: '60s', nbf: '30s', exp: '30s' },
  }
  const fetched = {
    issuer: 'https://beta.example',
    keys: { jwksUri: `${providerUrl}/jwks` },
    audiences: ['orders'],
    allowInsecureHttp: true,
  }
  const asked = {
    issuer: 'https://asked.example',
    introspection: {
      endpoint: `${providerUrl}/introspect`,
      clientId: 'gateway',
      clientSecret: '${env:JOTGATE_SECRET_S0}',
      negativeCache: '1m',
    },
    audiences: ['orders'],
    allowInsecureHttp: true,
  }
  return {
    version: 1,
    gateway: { trace: { accepted: true }, via: 'model-gateway' },
    issuers: { alpha, fetched, asked },
    policies: {
      reader: { access: [{ api: 'graded', methods: ['GET'], paths: ['/read/*'] }] },
      trial: { access: [{ api: 'graded' }], validUntil: '2026-01-01T00:00:00Z' },
      fresh: { access: [{ api: 'graded', paths: ['/fresh'] }], maxTokenAge: '1m' },
    },
    applications: {
      billing: {
        claims: [{ issuer: 'alpha', match: { azp: 'billing' } }],
        apiKeys: [
          { id: 'k1', hash: hashApiKey('a-key-of-another-gateway') },
          { id: 'k2', hash: hashApiKey('a-key-that-ran-out'), validUntil: '2020-01-01T00:00:00Z' },
        ],
        subscriptions: [{ api: 'known' }, { api: 'keyed' }],
      },
      north: { claims: [{ issuer: 'alpha', match: { tenant: 'north' } }], subscriptions: [{ api: 'known' }] },
      shop: { claims: [{ issuer: 'alpha', match: { azp: 'shop' } }] },
      old: {
        status: 'suspended',
        claims: [{ issuer: 'alpha', match: { azp: 'old' } }],
        subscriptions: [{ api: 'known' }],
      },
    },
    apis: {
      orders: {
        listen: { path: '/orders' },
        methods: ['GET', 'POST', 'DELETE'],
        bodyBytesMax: '1KiB',
        cors: { origins: ['https://app.example'] },
        upstream,
        access: {
          token: [{ header: 'authorization' }, { cookie: 'session', origins: ['https://app.example'] }],
          issuers: ['alpha'],
          require: { claims: [{ path: 'tier', oneOf: ['gold'] }], scopes: { any: ['read'] } },
        },
        forward: { claims: { 'X-Nick': { claim: 'nick', unprintable: 'refuse' } } },
      },
      fetched: { listen: { path: '/fetched' }, upstream, access: { issuers: ['fetched'] } },
      asked: { listen: { path: '/asked' }, upstream, access: { issuers: ['asked'] } },
      graded: { listen: { path: '/graded' }, upstream, access: { issuers: ['alpha'], policy: {} } },
      keyed: { listen: { path: '/keyed' }, upstream, access: { identify: { by: ['apiKey'] } } },
      known: {
        listen: { path: '/known' },
        upstream,
        access: { issuers: ['alpha'], identify: { by: ['jwtClaims'] } },
      },
      open: { listen: { path: '/open' }, upstream, access: 'public' },
    },
  }
}

let upstream: AnnouncedUpstream
beforeAll(async () => {
  upstream = await startAnnouncedUpstream()
})
afterAll(() => upstream.close())
afterEach(() => expect(upstream.unexpected()).toEqual([]))

/** The request of a scenario, the same for `explain` and for the wire. Time claims are by seconds around now. */
/** Of every token that was sent or described: what makes it a token, and may be written down nowhere. */
const signatures = new Set<string>()

function describeScenario({ path, method = 'GET', lines = bearer, claims = {}, ...rest }: Scenario): DescribedRequest {
  const now = Math.floor(Date.now() / 1000)
  const times = ['exp', 'nbf', 'iat']
  const changes = Object.entries(claims).map(
    ([claim, value]) => [claim, times.includes(claim) ? now + Number(value) : value] as const,
  )
  const { key = 'a0', header = {} } = rest
  const token = rest.token ?? mint({ key, claims: changes, header, spoil: 'nothing' }, now)
  const [signature = ''] = token.split('.').slice(2)
  if (signature.length >= 32) signatures.add(signature)
  return described(
    method,
    path,
    lines.map((line) => line.replace('TOKEN', token)),
  )
}

function described(method: string, target: string, lines: readonly string[]): DescribedRequest {
  const fields = ['Host: gateway.test', `${nonceHeader}: ${randomUUID()}`, 'Connection: close', ...lines]
  const rawHeaders = fields.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
  return { method, target, rawHeaders, peer: '127.0.0.1' }
}

/** Sends the very bytes a described request stands for. */
async function sendLive(port: number, { method, target, rawHeaders }: DescribedRequest, mayPass: boolean) {
  if (mayPass) upstream.announce(String(rawHeaders[3]))
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []))
  const wire = await openWire(port)
  wire.write(`${[`${method} ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
  const { status, headers } = await wire.answer()
  wire.destroy()
  expect(upstream.received(String(rawHeaders[3])) !== undefined).toBe(status === 200)
  return { status, id: String(headers.get('jotgate-decision')) }
}

it('the scenarios are all reasons that a request can bring about', () => {
  const shown = [...scenarios.flatMap(({ reason }) => reason ?? []), 'verification_budget', ...beyondRequests]
  expect([...new Set(shown)].sort()).toEqual([...reasons].sort())
})

describe('explain, in one process whose clock stands still', () => {
  const providerUrl = 'https://provider.example'
  let nowMs = 1_800_000_000_000
  let fetches = 0
  let dataDir = ''
  let gateway: InProcessGateway
  const fetch: GuardedFetch = async ({ url, body }) => {
    fetches += 1
    if (url.endsWith('/jwks')) return ok({ status: 200, headers: {}, body: Buffer.from('{"keys":[]}') })
    if (body?.includes('unlucky') !== false) return err({ code: 'connect_failed', detail: 'ECONNREFUSED' })
    return ok({ status: 200, headers: {}, body: Buffer.from('{"active":false}') })
  }

  beforeAll(async () => {
    vi.setSystemTime(nowMs)
    dataDir = mkdtempSync(join(tmpdir(), 'jotgate-explain-'))
    gateway = await startInProcess({ fetch, environment }, dataDir)
    const loaded = await gateway.load(configuration(upstream.url, providerUrl, createApiKeyHash(inProcessApiKeyKey)))
    if (!loaded.ok) throw new Error(loaded.error)
  })
  afterEach(() => {
    // What one test spent of the budgets is there again for the next.
    nowMs += 10_000
    vi.setSystemTime(nowMs)
  })
  afterAll(async () => {
    await gateway.close()
    rmSync(dataDir, { recursive: true, force: true })
    vi.useRealTimers()
  })

  /** Everything a request leaves behind: counters, the cache's size, questions to providers, use of their keys. */
  function traces(): object {
    const { gauges, ...counts } = gateway.counters()
    return { ...counts, cached: gauges[gauge.tokenCacheEntries], fetches, used: gateway.used() }
  }

  /** Explains without leaving a trace. */
  async function explain(request: DescribedRequest): Promise<Decision> {
    gateway.used()
    const before = traces()
    const decision = (await gateway.explain(request)) ?? expect.fail('not explained')
    expect(traces()).toEqual(before)
    expect(gateway.decision(decision.id)).toBeUndefined()
    return decision
  }

  async function live(request: DescribedRequest, mayPass: boolean): Promise<Decision> {
    const { id } = await sendLive(gateway.port, request, mayPass)
    return gateway.decision(id) ?? expect.fail(`no decision ${id}`)
  }

  /** What one says of a request that the other would say of it too. */
  function verdict({ outcome, status, reason, api, seen, wanted, rule, token, path }: Decision): object {
    return { outcome, status, reason, api, seen, wanted, rule, token, path }
  }

  it.each(scenarios)('of $path says $reason before, as the live request does, and after', async (scenario) => {
    const request = describeScenario(scenario)
    const before = await explain(request)
    const { reason } = scenario
    const sent = await live(request, reason === undefined)
    expect([sent.reason, sent.rule?.path]).toEqual([reason, scenario.rule])
    const after = await explain(request)
    // Bytes that the listener refuses have no method and no path; an opaque token's provider is asked by the live one only.
    const [isUnread, isAsked] = [sent.method === '', reason === 'token_inactive']
    expect(isUnread ? after.reason : verdict(after)).toEqual(isUnread ? reason : verdict(sent))
    expect(isAsked ? before.reason : verdict(before)).toEqual(isAsked ? 'introspection_unavailable' : verdict(after))
  })

  it('of a good token leaves the cache as it was: what comes later is a first, a second and a third use', async () => {
    const request = (): DescribedRequest => ({ ...shape, rawHeaders: shape.rawHeaders.with(3, randomUUID()) })
    const shape = describeScenario({ reason: undefined, ...orders })
    const uses: number[][] = []
    for (let use = 0; use < 3; use++) {
      for (let time = 0; time < 3; time++) expect((await explain(request())).reason).toBeUndefined()
      const { counters: before } = gateway.counters()
      await live(request(), true)
      const { counters: after } = gateway.counters()
      const wanted = [counter.tokenCacheMisses, counter.tokenCacheAdmissions, counter.tokenCacheHits]
      uses.push(wanted.map((index) => (after[index] ?? 0) - (before[index] ?? 0)))
    }
    expect(uses).toEqual([
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 1],
    ])
  })

  it('of bad signatures charges no budget, and says so when a live request would be refused for it', async () => {
    const bad = (): DescribedRequest => describeScenario({ reason: '', ...orders, key: 'x0', header: { kid: 'a0' } })
    for (let time = 0; time < 200; time++) expect((await explain(bad())).reason).toBe('signature_invalid')
    for (let time = 0; time < 50; time++) expect((await live(bad(), false)).reason).toBe('signature_invalid')
    const good = describeScenario({ reason: undefined, ...orders })
    expect((await explain(good)).reason).toBe('verification_budget')
    expect(verdict(await live(good, false))).toEqual(verdict(await explain(good)))
  })

  it('of bytes that failed before remembers nothing: the live request is the first to be checked', async () => {
    const bad = describeScenario({ reason: '', ...orders, key: 'x0', header: { kid: 'a0' } })
    const failed = (): number =>
      gateway
        .counters()
        .issuers.slice(0, 1)
        .map(issuerCounts)
        .flatMap(({ failed }) => failed)
        .reduce((sum, count) => sum + count, 0)
    await explain(bad)
    const before = failed()
    expect((await live(bad, false)).reason).toBe('signature_invalid')
    expect(failed()).toBe(before + 1)
    expect((await explain(bad)).reason).toBe('signature_invalid')
    await live(bad, false)
    expect(failed()).toBe(before + 1)
  })

  describe.skipIf(!hasVectors)('of public vectors', () => {
    it.each([
      // The payloads are no claims, whatever the signatures are worth.
      { set: 'Wycheproof', read: wycheproof, countMin: 470, at: 1_800_000_000_000, ends: ['token_malformed'] },
      {
        set: 'google/jwt_verify_lib',
        read: google,
        countMin: 70,
        at: 1_800_100_000_000,
        ends: ['alg_not_allowed', 'forwarded', 'key_unknown', 'signature_invalid', 'token_expired', 'token_malformed'],
      },
      // When RFC 7515 was young, its examples had not expired.
      { set: 'the RFCs', read: examples, countMin: 24, at: 1_300_819_000_000, ends: ['forwarded', 'token_malformed'] },
    ])('of $set says what the live request says', { timeout: 180_000 }, async ({ read, countMin, at, ends }) => {
      nowMs = at
      const vectors = read().filter(({ token }) => /^[ -~]{1,20000}$/.test(token))
      expect(vectors.length).toBeGreaterThanOrEqual(countMin)
      const seen = new Set<string>()
      for (const { name, keys, token } of vectors) {
        vi.setSystemTime(nowMs)
        nowMs += 1000
        await trust(keys)
        const request = described('GET', '/', [`Authorization: Bearer ${token}`])
        const before = await explain(request)
        const sent = await live(request, before.reason === undefined)
        expect([name, verdict(await explain(request))]).toEqual([name, verdict(sent)])
        expect([name, verdict(before)]).toEqual([name, verdict(sent)])
        seen.add(sent.reason ?? sent.outcome)
      }
      expect([...seen].sort()).toEqual(ends)
    })

    let trusted = ''
    /** One API for tokens of these keys, whoever they are from and for; of our own key when nobody would take them. */
    async function trust(keys: readonly object[]): Promise<void> {
      if (trusted === JSON.stringify(keys)) return
      trusted = JSON.stringify(keys)
      const loose = {
        requireIssuer: false,
        requireExp: false,
        anyAudience: true,
        allowSampleKey: true,
        allowWeakSecret: true,
      }
      const access = { issuers: ['any'], tokenBytesMax: '64KiB' }
      const apis = { all: { upstream: { targets: [upstream.url] }, access } }
      const tries = [
        { keys, algorithms: ['rsa', 'ecdsa', 'eddsa'] },
        { keys, algorithms: ['hmac'] },
        { keys: [publicJwk('a0')], algorithms: ['ES256'] },
      ]
      for (const { keys: tried, algorithms } of tries) {
        const any = { ...loose, keys: { jwks: { keys: tried } }, algorithms }
        const document = { version: 1, gateway: { trace: { accepted: true } }, issuers: { any }, apis }
        if ((await gateway.load(document)).ok) return
      }
      expect.fail('no configuration was taken')
    }
  })
})

interface Vector {
  readonly name: string
  readonly keys: readonly object[]
  readonly token: string
}

type Members = { readonly [member: string]: unknown }

function keysIn(given: Members | undefined): readonly object[] {
  if (given === undefined) return []
  return Array.isArray(given.keys) ? given.keys : [given]
}

function wycheproof(): readonly Vector[] {
  interface Group {
    readonly public?: Members
    readonly private?: Members
    readonly tests: readonly { readonly tcId: number; readonly jws?: unknown; readonly jwe?: unknown }[]
  }
  return listVectors('wycheproof').flatMap((path) => {
    const { testGroups } = readVectors<{ readonly testGroups: readonly Group[] }>(path)
    return testGroups.flatMap((group) =>
      group.tests.flatMap(({ tcId, jws, jwe }) => {
        const token = jws ?? jwe
        const keys = keysIn(group.public ?? group.private)
        return typeof token === 'string' ? [{ name: `${path} ${tcId}`, keys, token }] : []
      }),
    )
  })
}

function google(): readonly Vector[] {
  interface Cases {
    readonly verify_cases: readonly { readonly id: string; key_type: string; key: string; token: string }[]
    readonly token_parse_cases: readonly { readonly id: string; readonly token: string }[]
  }
  const { verify_cases, token_parse_cases } = readVectors<Cases>('google-jwt-verify-lib/jwt-verify-lib.json')
  const read = (text: string): readonly object[] => {
    try {
      return keysIn(JSON.parse(text.replaceAll(/,(\s*[\]}])/g, '$1')))
    } catch {
      return []
    }
  }
  return [
    ...verify_cases.map(({ id, key_type, key, token }) => ({
      name: id,
      keys: key_type === 'jwks' ? read(key) : [],
      token,
    })),
    ...token_parse_cases.map(({ id, token }) => ({ name: id, keys: [], token })),
  ]
}

function examples(): readonly Vector[] {
  interface Example {
    readonly id: string
    readonly key: Members | null
    readonly token: string
  }
  interface Recipe {
    readonly input?: { readonly key?: Members }
    readonly output?: { readonly compact?: string }
  }
  const { cases } = readVectors<{ readonly cases: readonly Example[] }>('rfc-examples/rfc-examples.json')
  const cookbook = ['jws', 'jwe', 'rfc7797', 'curve25519'].flatMap((name) => listVectors(`rfc7520-cookbook/${name}`))
  return [
    ...cases.map(({ id, key, token }) => ({ name: id, keys: keysIn(key ?? undefined), token })),
    ...cookbook.flatMap((path) => {
      const { input, output } = readVectors<Recipe>(path)
      const token = output?.compact
      return token === undefined ? [] : [{ name: path, keys: keysIn(publicMembers(input?.key)), token }]
    }),
  ]
}

function publicMembers(key: Members | undefined): Members | undefined {
  if (key === undefined || key.kty === 'oct') return key
  const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = key
  return rest
}

describe('explain, of a gateway as an operator runs it', () => {
  const bin = fileURLToPath(new URL('../../bin/jotgate.js', import.meta.url))
  const provider = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      response.statusCode = body.includes('unlucky') ? 503 : 200
      response.end(request.url === '/jwks' ? '{"keys":[]}' : '{"active":false}')
    })
  })
  let gateway: GatewayProcess

  beforeAll(async () => {
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const folder = makeFolder()
    const hashApiKey = (apiKey: string): string => {
      const made = registerApiKey(join(folder, 'data'), apiKey)
      return made.ok ? made.value.hash : expect.fail(made.error)
    }
    const providerUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
    const config = configuration(upstream.url, providerUrl, hashApiKey)
    gateway = await startGateway({ config, workers: 1, env: environment, folder })
    // The same again with a line for each member.
    const generations = (): number => gateway.output().split('"event":"config_in_force"').length
    const before = generations()
    writeFileSync(gateway.configFile, JSON.stringify(config, undefined, 2))
    await until(() => generations() > before)
  })
  afterAll(async () => {
    await cleanUp()
    provider.close()
    provider.closeAllConnections()
  })

  function admin(path: string, body?: object): Promise<{ readonly body: string }> {
    const headers = { Authorization: `Bearer ${gateway.adminToken}`, 'Content-Type': 'application/json' }
    if (body === undefined) return send(gateway.adminUrl + path, { headers })
    return send(gateway.adminUrl + path, { headers, method: 'POST', body: JSON.stringify(body) })
  }

  /** Metrics that count something; ages and what is open at the moment change by themselves. */
  async function counts(): Promise<string> {
    const { body } = await admin('/metrics')
    const lines = body.split('\n').filter((line) => /^jotgate_\w+(_total|_count|_sum|_bucket|_entries)[{ ]/.test(line))
    expect(lines.length).toBeGreaterThan(50)
    return lines.join('\n')
  }

  async function jotgate(...args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [bin, ...args, '--data', join(gateway.folder, 'data')], { stdio: 'pipe' })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
    }
    child.stdin.end()
    await new Promise((resolve) => child.on('close', resolve))
    return text
  }

  it.each(scenarios)('of $path says $reason on the admin port, as the live request does', async (scenario) => {
    const request = describeScenario(scenario)
    const { id } = await sendLive(gateway.port, request, scenario.reason === undefined)
    const sent: Decision = JSON.parse((await admin(`/decisions/${id}`)).body)
    const before = await counts()
    const explained: Decision = JSON.parse((await admin('/explain', request)).body)
    expect(await counts()).toBe(before)
    expect([sent.reason, explained.reason]).toEqual([scenario.reason, scenario.reason])
    // A time that is wanted moves on between the two.
    const wanted = ({ wanted }: Decision) => wanted?.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d{9,}/g, 'TIME')
    if (sent.method !== '') expect([explained.rule, wanted(explained)]).toEqual([sent.rule, wanted(sent)])
  })

  const asked = [
    'audience_mismatch',
    'scope_missing',
    'signature_invalid',
    'token_missing',
    'claim_unsendable',
    'token_expired',
  ]
  const shown = scenarios.filter(({ reason = '' }) => asked.includes(reason))

  it.each(shown)(
    'of the decision of a live $reason names what was seen, wanted, and the line that asked',
    async (scenario) => {
      const { id, status } = await sendLive(gateway.port, describeScenario(scenario), false)
      const before = await counts()
      const text = await jotgate('explain', id)
      expect(await counts()).toBe(before)
      const { reason, rule = '' } = scenario
      expect(text).toContain(`refused: ${reason} (${status}): ${scenario.method ?? 'GET'} ${scenario.path}, API orders`)
      expect(text).toMatch(/^ {2}seen {4}\S.*$/m)
      expect(text).toMatch(/^ {2}wanted {2}\S.*$/m)
      const [, place, shownLine] =
        /^ {2}rule {4}(\S+jotgate\.json:\d+:\d+) (?:\S+)\n +(.*)$/m.exec(text) ?? expect.fail(text)
      const line = readFileSync(gateway.configFile, 'utf8').split('\n')[Number(place?.split(':').at(-2)) - 1]
      const name = rule.split('.').at(-1) ?? ''
      expect([line?.trim(), line?.includes(`"${name}"`) || line?.includes('"access"')]).toEqual([
        shownLine?.trim(),
        true,
      ])
      expect(text).toContain(`${place} ${rule}\n`)
    },
  )

  it.each(shown)('of a request described on the command line says $reason, and counts nothing', async (scenario) => {
    const { method, target, rawHeaders } = describeScenario(scenario)
    const file = join(gateway.folder, 'headers')
    const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []))
    writeFileSync(file, lines.join('\n'))
    const before = await counts()
    const text = await jotgate('explain', '--method', method, '--path', target, '--header', `@${file}`, '--json')
    expect(await counts()).toBe(before)
    expect(JSON.parse(text)).toMatchObject({ reason: scenario.reason, rule: { path: scenario.rule } })
  })
  it('leaves no token in the log, in the data directory or on the admin port', async () => {
    const shown = await Promise.all(
      ['/metrics', '/config', '/keys', '/status'].map(async (path) => [path, (await admin(path)).body] as const),
    )
    expect(signatures.size).toBeGreaterThan(20)
    const places = [['the log', gateway.output()] as const, ...shown, ...filesBelow(join(gateway.folder, 'data'))]
    expect(findLeaks(places, signatures)).toEqual([])
    // The search finds what it looks for.
    expect(findLeaks([['a place', [...signatures].join()]], signatures)).toEqual(['a place'])
  })
})
