import { describe, expect, it } from 'vitest'
import { claimsOf, issuerOf } from '../../../test/fixtures/compiled-plans.ts'
import { apiPlanOf, applicationOf, identifyPlanOf, objectsOf } from '../../../test/fixtures/requests.ts'
import { assemble } from '../../compile/assemble.ts'
import type { ApplicationPlan, ConfigObject, IdentifyPlan } from '../../compile/plan.ts'
import { identify } from './identify.ts'

type Lookup = IdentifyPlan['lookup']

interface Shown {
  readonly claims?: object
  readonly apiKey?: string
  readonly signer?: string
}

const nowMs = 1_800_000_000_000

/** Which application is calling, or why none is; undefined: the API does not ask, or lets it be nobody. */
function identifiedBy(
  { claims, apiKey, signer }: Shown,
  asked: Partial<IdentifyPlan> | undefined,
  ...applications: readonly ApplicationPlan[]
): string | undefined {
  const plan = apiPlanOf()
  if (plan.access.kind === 'public') throw new Error('protected by default')
  const access = { ...plan.access, identify: asked === undefined ? undefined : identifyPlanOf(asked) }
  const snapshot = assemble(
    [
      ...objectsOf([{ ...plan, access }]),
      ...applications.map((one): ConfigObject => ({ kind: 'application', id: one.id, hash: one.id, plan: one })),
    ],
    1,
  )
  const [api] = snapshot.apis
  if (api === undefined) throw new Error('no API')
  const verified =
    claims === undefined
      ? undefined
      : {
          claims: claimsOf(claims),
          issuerId: 'main',
          iss: signer ?? 'https://idp.example',
          voucher: signer === undefined ? ('issuer' as const) : ('application' as const),
        }
  const result = identify({ verified, apiKeyHash: apiKey }, api, snapshot, nowMs)
  if (result.ok) return result.value?.plan.id
  const { error } = result
  if (error.reason === 'application_ambiguous') return `${error.reason} ${error.applications.join(' ')}`
  return 'application' in error ? `${error.reason} ${error.application}` : error.reason
}

/** By the claims of a token alone. */
function identified(claims: object, lookup: Lookup | undefined, ...applications: readonly ApplicationPlan[]) {
  return identifiedBy({ claims }, lookup === undefined ? undefined : { lookup }, ...applications)
}

const billing = applicationOf('billing', [{ azp: 'billing' }])
const shop = applicationOf('shop', [{ azp: 'shop' }], { subscriptions: [] })

describe('which applications may call', () => {
  it.each<[object, Lookup | undefined, string | undefined]>([
    [{ azp: 'billing' }, undefined, undefined],
    [{ azp: 'billing' }, 'strict', 'billing'],
    [{ azp: 'shop' }, 'strict', 'not_subscribed shop'],
    [{ azp: 'nobody' }, 'strict', 'application_unidentified'],
    [{}, 'strict', 'application_unidentified'],
    [{ azp: 'shop' }, 'open', 'shop'],
    [{ azp: 'nobody' }, 'open', 'application_unidentified'],
    [{ azp: 'shop' }, 'relax', 'shop'],
    [{ azp: 'nobody' }, 'relax', undefined],
  ])('claims %j, %s: %s', (claims, lookup, expected) => {
    expect(identified(claims, lookup, billing, shop)).toBe(expected)
  })
})

describe('several that match', () => {
  const tenant = applicationOf('tenant', [{ azp: 'billing', tenant: 'acme' }])
  const other = applicationOf('other', [{ tenant: 'acme' }])

  it('the set with the most claims decides', () => {
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'strict', billing, tenant)).toBe('tenant')
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'strict', tenant, billing, other)).toBe('tenant')
    expect(identified({ azp: 'billing', tenant: 'else' }, 'strict', billing, tenant)).toBe('billing')
  })

  it.each<Lookup>(['strict', 'open', 'relax'])('two that match as many are refused, never guessed: %s', (lookup) => {
    expect(identified({ azp: 'billing', tenant: 'acme' }, lookup, billing, other)).toBe(
      'application_ambiguous billing other',
    )
  })

  it('two sets of one application are no tie', () => {
    const both = applicationOf('both', [{ azp: 'x' }, { sub: 'y' }])
    expect(identified({ azp: 'x', sub: 'y' }, 'strict', both)).toBe('both')
  })

  it('one that lost its subscription becomes no less specific one', () => {
    const former = applicationOf('former', [{ azp: 'billing', tenant: 'acme' }], { subscriptions: [] })
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'strict', billing, former)).toBe('not_subscribed former')
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'open', billing, former)).toBe('former')
    const equal = applicationOf('equal', [{ tenant: 'acme' }], { subscriptions: [] })
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'strict', billing, equal)).toBe(
      'application_ambiguous billing equal',
    )
  })
})

describe('an application that is not active', () => {
  it.each(['suspended', 'pending'] as const)('%s: is found and refused', (status) => {
    const off = { ...billing, status }
    expect(identified({ azp: 'billing' }, 'strict', off)).toBe('application_inactive billing')
    expect(identified({ azp: 'billing' }, 'open', off)).toBe('application_inactive billing')
  })

  it('is not replaced by a less specific one, nor by nobody', () => {
    const off = applicationOf('off', [{ azp: 'billing', tenant: 'acme' }], { status: 'suspended' })
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'strict', billing, off)).toBe('application_inactive off')
    expect(identified({ azp: 'billing', tenant: 'acme' }, 'relax', billing, off)).toBe('application_inactive off')
  })
})

describe('API keys', () => {
  const keyed = (id: string, overrides: Partial<ApplicationPlan> = {}, validUntilMs?: number): ApplicationPlan =>
    applicationOf(id, [{ azp: id }], {
      apiKeys: [{ id: 'k1', rule: `applications.${id}.apiKeys[0]`, hash: `hash of ${id}`, validUntilMs }],
      ...overrides,
    })
  const place = { kind: 'header', name: 'x-api-key' } as const
  const keyOnly: Partial<IdentifyPlan> = { byClaims: false, apiKey: place }
  const either: Partial<IdentifyPlan> = { apiKey: place }
  const both: Partial<IdentifyPlan> = { apiKey: place, connector: 'and' }
  const anonymous: Partial<IdentifyPlan> = { ...either, allowAnonymous: true }
  const known = [keyed('one'), keyed('two'), keyed('off', { status: 'suspended' }), keyed('far', { subscriptions: [] })]
  const [one, two, nobody] = [{ azp: 'one' }, { azp: 'two' }, { azp: 'nobody' }]

  it.each<[Shown, Partial<IdentifyPlan>, string | undefined]>([
    [{ apiKey: 'hash of one' }, keyOnly, 'one'],
    [{}, keyOnly, 'api_key_missing'],
    [{ claims: one }, keyOnly, 'api_key_missing'],
    [{ claims: nobody, apiKey: 'hash of one' }, keyOnly, 'one'],
    [{ apiKey: 'hash of nobody' }, keyOnly, 'api_key_invalid'],
    [{ apiKey: '__proto__' }, keyOnly, 'api_key_invalid'],
    [{ apiKey: 'hash of off' }, keyOnly, 'application_inactive off'],
    [{ apiKey: 'hash of far' }, keyOnly, 'not_subscribed far'],
    [{ apiKey: 'hash of far' }, { ...keyOnly, lookup: 'open' }, 'far'],
    [{ apiKey: 'hash of one' }, either, 'one'],
    [{ claims: two }, either, 'two'],
    [{ claims: one, apiKey: 'hash of one' }, either, 'one'],
    [{ claims: nobody, apiKey: 'hash of one' }, either, 'one'],
    [{ claims: one, apiKey: 'hash of one' }, both, 'one'],
    [{ claims: one, apiKey: 'hash of nobody' }, {}, 'one'],
    [{ claims: one }, both, 'api_key_missing'],
    [{ apiKey: 'hash of one' }, both, 'application_unidentified'],
    [{ claims: nobody, apiKey: 'hash of one' }, both, 'application_unidentified'],
    [{}, anonymous, undefined],
    [{ apiKey: 'hash of one' }, anonymous, 'one'],
  ])('%j, asked for %j: %s', (shown, asked, expected) => {
    expect(identifiedBy(shown, asked, ...known)).toBe(expected)
  })

  it.each<[string, Shown, string]>([
    ['an unknown key beside a good token', { claims: one, apiKey: 'hash of nobody' }, 'api_key_invalid'],
    ['a key of another application', { claims: one, apiKey: 'hash of two' }, 'application_ambiguous two one'],
    ['a key of a suspended one', { claims: one, apiKey: 'hash of off' }, 'application_ambiguous off one'],
    ['a token of a suspended one', { claims: { azp: 'off' }, apiKey: 'hash of off' }, 'application_inactive off'],
    ['a key of a stranger', { claims: one, apiKey: 'hash of far' }, 'not_subscribed far'],
    ['a token of a stranger', { claims: { azp: 'far' }, apiKey: 'hash of one' }, 'not_subscribed far'],
  ])('S26 a bad credential is never outvoted: %s', (_, shown, expected) => {
    for (const asked of [either, both, anonymous]) {
      expect(identifiedBy(shown, asked, ...known)).toBe(expected)
    }
    expect(identifiedBy({ apiKey: 'hash of nobody' }, anonymous, ...known)).toBe('api_key_invalid')
  })

  it('that ended are refused from their end on', () => {
    expect(identifiedBy({ apiKey: 'hash of one' }, keyOnly, keyed('one', {}, nowMs + 1))).toBe('one')
    expect(identifiedBy({ apiKey: 'hash of one' }, keyOnly, keyed('one', {}, nowMs))).toBe('api_key_expired one')
  })
})

describe('tokens that applications sign themselves', () => {
  const own: Partial<IdentifyPlan> = { byClaims: false, byOwnTokens: true }
  const signing = (id: string, overrides: Partial<ApplicationPlan> = {}): ApplicationPlan =>
    applicationOf(id, [{ azp: 'billing' }], {
      tokens: {
        issuer: { ...issuerOf().plan, id: `application:${id}`, match: { kind: 'exact', iss: id } },
        subject: undefined,
      },
      ...overrides,
    })
  const one = signing('one')
  const off = signing('off', { status: 'suspended', claimSets: [] })
  const far = signing('far', { subscriptions: [], claimSets: [] })

  it.each<[Shown, Partial<IdentifyPlan>, string | undefined]>([
    [{ claims: {}, signer: 'one' }, own, 'one'],
    [{ claims: {}, signer: 'off' }, own, 'application_inactive off'],
    [{ claims: {}, signer: 'far' }, own, 'not_subscribed far'],
    [{ claims: {}, signer: 'far' }, { ...own, lookup: 'open' }, 'far'],
    [{ claims: {}, signer: 'gone' }, own, 'application_unidentified'],
    [{ claims: {}, signer: 'gone' }, { ...own, lookup: 'relax' }, 'application_unidentified'],
    [{ claims: { azp: 'billing' } }, own, 'application_unidentified'],
    [{ claims: { azp: 'billing' } }, { ...own, lookup: 'relax' }, undefined],
    [{ claims: { azp: 'billing' } }, { ...own, byClaims: true }, 'one'],
  ])('%j, asked for %j: %s', (shown, asked, expected) => {
    expect(identifiedBy(shown, asked, one, off, far)).toBe(expected)
  })

  it('S25 what they claim finds no application', () => {
    expect(identifiedBy({ claims: { azp: 'billing' }, signer: 'far' }, { ...own, byClaims: true }, one, far)).toBe(
      'not_subscribed far',
    )
  })
})
