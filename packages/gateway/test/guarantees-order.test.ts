import { describe, expect, it } from 'vitest'
import { emptyClaimIndex } from '../src/compile/claim-index.ts'
import type { CompiledApi, CompiledIssuer, Snapshot } from '../src/compile/snapshot.ts'
import type { KeyRecord } from '../src/domain/key.ts'
import { indexOnce } from '../src/keys/index-once.ts'
import { describedExchange } from '../src/proxy/explain.ts'
import { decide, type PipelinePorts } from '../src/proxy/pipeline.ts'
import type { IntrospectionAnswer } from '../src/proxy/steps/introspect.ts'
import { createTokenCache } from '../src/proxy/token-cache.ts'
import { startTrail } from '../src/proxy/trail.ts'
import { createFailedTokens } from '../src/state/failed-tokens.ts'
import { createTurns } from '../src/state/turns.ts'
import { createVerificationBudget } from '../src/state/verification-budget.ts'
import { allAlgorithmBits, apiOf, claimsOf, compactOf, issuerOf } from './fixtures/compiled-plans.ts'

const nowMs = 1_800_000_000_000
const good = { iss: 'https://idp.example', sub: 'alice', aud: 'orders', exp: nowMs / 1000 + 60 }
const header = { alg: 'ES256', kid: 'k' }

const key: KeyRecord = {
  kind: 'public',
  thumbprint: 'thumbprint',
  kid: 'k',
  aliases: [],
  algorithmBits: allAlgorithmBits,
  issuer: undefined,
  jwk: { kty: 'EC', crv: 'P-256', x: '', y: '' },
  modulusBytes: undefined,
}

/** A pipeline with a verifier that counts, for which keys of the thumbprints `valid` made every signature. */
function setUp(
  issuer: CompiledIssuer = issuerOf({ keys: [key] }),
  valid: readonly string[] = [],
  limit = 0,
  api = apiOf([issuer]),
) {
  let checks = 0
  const asked: string[] = []
  const answers = new Map<string, IntrospectionAnswer>()
  const budget = createVerificationBudget(() => ({ perAddress: limit, perIssuer: 0 }))
  const ports: PipelinePorts = {
    pseudonym: 'jotgate-test',
    apiKeys: { hash: (apiKey) => apiKey, budget, peek: false },
    keys: { indexOf: indexOnce, remote: { get: () => undefined, refetch: async () => undefined } },
    verify: {
      verify: ({ thumbprint }) => {
        checks++
        return valid.includes(thumbprint)
      },
      cache: createTokenCache({ entriesMax: 10, bytesMax: 1e6, issuerShare: 1 }),
      failed: createFailedTokens(),
      budget,
      onVerification: () => undefined,
      peek: false,
    },
    introspect: {
      known: () => undefined,
      budget,
      turns: createTurns(1, () => () => undefined),
      ask: async ({ plan }) => {
        asked.push(plan.id)
        return answers.get(plan.id) ?? { state: 'inactive' }
      },
    },
  }
  // Only what the pipeline reads.
  const gateway = { trustedProxies: [], publicUrls: [] } as unknown as Snapshot['gateway']
  let served = api
  let vouchedBy: string | undefined
  const send = async (token: string, peer = '192.0.2.1'): Promise<string> => {
    const rawHeaders = ['Host', 'api.example', 'Authorization', `Bearer ${token}`]
    const known = {
      issuers: served.issuers,
      apis: [served],
      policies: new Map(),
      claimIndex: emptyClaimIndex,
      apiKeys: new Map(),
      signers: new Map(),
    }
    const snapshot: Snapshot = { generation: 1, gateway, ...known, match: () => served }
    const exchange = describedExchange({ method: 'GET', target: '/orders', rawHeaders, peer }, nowMs)
    const trail = startTrail(exchange, snapshot, 'id')
    const verdict = await decide(trail, ports)
    vouchedBy = trail.verified?.issuerId
    return verdict.ok ? 'forwarded' : verdict.error.reason
  }
  const serve = (next: CompiledApi): void => {
    served = next
  }
  return { send, serve, vouchedBy: () => vouchedBy, checks: () => checks, asked, answers }
}

describe('S8 nothing that can be refused without crypto reaches it', () => {
  it.each<[string, string]>([
    ['token_too_large', compactOf(header, { ...good, pad: 'x'.repeat(9_000) })],
    ['token_malformed', 'x.y.z'],
    ['token_malformed', compactOf({ ...header, jwk: {} }, good)],
    ['token_malformed', compactOf({ ...header, b64: false }, good)],
    ['token_malformed', compactOf(header, good, Buffer.alloc(63, 1))],
    ['token_malformed', compactOf(header, good, Buffer.alloc(16_384, 1)).slice(0, 8_000)],
    ['crit_unknown', compactOf({ ...header, crit: ['exp'] }, good)],
    ['alg_not_allowed', compactOf({ ...header, alg: 'none' }, good)],
    ['typ_mismatch', compactOf({ ...header, typ: 'logout+jwt' }, good)],
    ['token_kind', compactOf(header, { ...good, at_hash: 'x' })],
    ['issuer_untrusted', compactOf(header, { ...good, iss: 'https://evil.example' })],
    ['key_unknown', compactOf({ ...header, kid: 'unknown' }, good)],
    ['token_expired', compactOf(header, { ...good, exp: nowMs / 1000 - 3_600 })],
  ])('%s', async (reason, token) => {
    const { send, checks } = setUp()
    expect([await send(token), checks()]).toEqual([reason, 0])
  })

  it('the signature comes before everything the claims are asked: an unsigned claim decides nothing', async () => {
    const { send, checks } = setUp()
    expect([await send(compactOf(header, { ...good, aud: 'elsewhere', cnf: {} })), checks()]).toEqual([
      'signature_invalid',
      1,
    ])
  })

  it('beyond its budget an address is refused without crypto, others are not, and cached tokens go on', async () => {
    const issuer = issuerOf({ keys: [key] })
    const honest = setUp(issuer, ['thumbprint'], 2)
    const token = compactOf(header, good)
    for (let use = 0; use < 3; use++) expect(await honest.send(token)).toBe('forwarded')
    expect(honest.checks()).toBe(2)

    const { send, checks } = setUp(issuer, [], 2)
    for (const sub of ['a', 'b']) expect(await send(compactOf(header, { ...good, sub }))).toBe('signature_invalid')
    expect(await send(compactOf(header, { ...good, sub: 'c' }))).toBe('verification_budget')
    expect(checks()).toBe(2)
    expect(await send(compactOf(header, { ...good, sub: 'd' }), '192.0.2.2')).toBe('signature_invalid')
  })
})

describe('S9 every rule is asked again of a cached token', () => {
  it('one that was let through is refused once its claims no longer hold', async () => {
    // The verifier is asked twice: the first use is not kept.
    const { send, checks } = setUp(issuerOf({ keys: [key] }), ['thumbprint'])
    const bound = compactOf(header, { ...good, cnf: { jkt: 'x' } })
    for (let use = 0; use < 4; use++) expect(await send(bound)).toBe('confirmation_required')
    const foreign = compactOf(header, { ...good, aud: 'elsewhere' })
    for (let use = 0; use < 4; use++) expect(await send(foreign)).toBe('audience_mismatch')
    expect(checks()).toBe(4)
  })

  it('a refusal is never kept: bytes that failed under one key are right once the key that made them is there', async () => {
    const { send, serve } = setUp(issuerOf({ keys: [{ ...key, thumbprint: 'other' }] }), ['thumbprint'])
    const token = compactOf(header, good)
    for (let use = 0; use < 3; use++) expect(await send(token)).toBe('signature_invalid')
    serve(apiOf([issuerOf({ keys: [key] })]))
    expect(await send(token)).toBe('forwarded')
  })

  it('one whose key left its set is refused, and so is one whose issuer entry has another key under the same kid', async () => {
    const { send, serve } = setUp(issuerOf({ keys: [key] }), ['thumbprint'])
    const token = compactOf(header, good)
    for (let use = 0; use < 3; use++) expect(await send(token)).toBe('forwarded')
    serve(apiOf([issuerOf({ keys: [{ ...key, thumbprint: 'other' }] })]))
    expect(await send(token)).toBe('signature_invalid')
    serve(apiOf([issuerOf({ keys: [] })]))
    expect(await send(token)).toBe('key_unknown')
  })

  it('one of two issuer entries that share a key is vouched for by the entry that was asked', async () => {
    const { send, serve, vouchedBy } = setUp(issuerOf({ keys: [key] }), ['thumbprint'])
    const token = compactOf(header, good)
    for (let use = 0; use < 3; use++) await send(token)
    expect(vouchedBy()).toBe('main')
    serve(apiOf([issuerOf({ id: 'other', keys: [key] })]))
    expect([await send(token), vouchedBy()]).toEqual(['forwarded', 'other'])
  })
})

describe('S1 S4 an opaque token', () => {
  const [one, two] = ['one', 'two'].map((id) =>
    issuerOf({
      id,
      rule: `issuers.${id}`,
      trust: 'introspection',
      match: { kind: 'exact', iss: `https://${id}.example` },
    }),
  )
  if (one === undefined || two === undefined) throw new Error('two issuers')
  const api: CompiledApi = { ...apiOf([one, two]), introspecting: [one, two] }
  const active = (claims: object): IntrospectionAnswer => ({
    state: 'active',
    claims: claimsOf({ aud: 'orders', exp: nowMs / 1000 + 60, ...claims }),
  })

  it.each<[string, IntrospectionAnswer, IntrospectionAnswer, string]>([
    ['nobody knows', { state: 'inactive' }, { state: 'inactive' }, 'token_inactive'],
    [
      'nobody knows and somebody is silent',
      { state: 'unavailable', fault: '' },
      { state: 'inactive' },
      'introspection_unavailable',
    ],
    ['the second knows', { state: 'inactive' }, active({}), 'forwarded'],
    [
      'one calls active in the name of the other',
      active({ iss: 'https://two.example' }),
      { state: 'inactive' },
      'token_inactive',
    ],
    [
      'is active in a name that is no text',
      active({ iss: ['https://one.example'] }),
      { state: 'inactive' },
      'token_inactive',
    ],
    ['is active and expired', active({ exp: nowMs / 1000 - 3_600 }), { state: 'inactive' }, 'token_expired'],
    ['is active for others', active({ aud: 'elsewhere' }), { state: 'inactive' }, 'audience_mismatch'],
    ['is active for nobody', active({ aud: undefined }), active({}), 'audience_mismatch'],
    ['is an active refresh token', active({ typ: 'Refresh' }), { state: 'inactive' }, 'token_kind'],
    ['is active and bound', active({ cnf: { 'x5t#S256': 'x' } }), { state: 'inactive' }, 'confirmation_required'],
  ])('that %s', async (_, first, second, wanted) => {
    const { send, answers } = setUp(one, [], 0, api)
    answers.set('one', first)
    answers.set('two', second)
    expect(await send('opaque')).toBe(wanted)
  })

  it('a compact JWS is shown to no endpoint where it could be verified instead', async () => {
    const keyed = issuerOf({ keys: [key] })
    const both: CompiledApi = { ...apiOf([keyed, one]), introspecting: [one] }
    const { send, asked } = setUp(keyed, [], 0, both)
    expect(await send(compactOf(header, good))).toBe('signature_invalid')
    expect(asked).toEqual([])
  })
})
