import { expect, it } from 'vitest'
import { assemble } from '../../src/compile/assemble.ts'
import type { ApplicationPlan, ConfigObject, IdentifyPlan } from '../../src/compile/plan.ts'
import type { Snapshot } from '../../src/compile/snapshot.ts'
import type { VerifiedToken } from '../../src/domain/token.ts'
import { judgeAgain } from '../../src/proxy/judge-again.ts'
import type { FindKeyPorts } from '../../src/proxy/steps/find-key.ts'
import { startTrail } from '../../src/proxy/trail.ts'
import { claimsOf } from '../fixtures/compiled-plans.ts'
import { apiPlanOf, applicationOf, exchangeOf, headOf, identifyPlanOf, objectsOf } from '../fixtures/requests.ts'

// S16 A stream outlives neither its application's suspension nor its subscription, nor does another one take it over.

const nowMs = 1_800_000_000_000
const noKeys: FindKeyPorts = {
  indexOf: () => {
    throw new Error('no key is needed')
  },
  remote: { get: () => undefined, refetch: () => Promise.resolve() },
}
const billing = applicationOf('billing', [{ azp: 'billing' }])

function snapshotOf(...applications: readonly ApplicationPlan[]): Snapshot {
  const plan = apiPlanOf()
  if (plan.access.kind === 'public') throw new Error('protected by default')
  const identify = identifyPlanOf()
  const objects = applications.map((one): ConfigObject => ({ kind: 'application', id: one.id, hash: '', plan: one }))
  return assemble([...objectsOf([{ ...plan, access: { ...plan.access, identify } }]), ...objects], 1)
}

/** Whether a stream of `billing` goes on among these applications, or why it is cut. */
function judged(...applications: readonly ApplicationPlan[]): string {
  const before = snapshotOf(billing)
  const trail = startTrail(exchangeOf('/orders/feed'), before, 'd')
  trail.head = headOf('/orders/feed')
  trail.api = before.apis[0]
  const claims = claimsOf({ iss: 'https://idp.example', aud: 'orders', azp: 'billing', exp: nowMs / 1000 + 3600 })
  // What an introspection endpoint answered: no key stands behind it.
  const verified = { voucher: 'issuer', issuerId: 'main', iss: 'https://idp.example', claims }
  trail.verified = verified as unknown as VerifiedToken
  trail.application = { plan: billing, subscriptions: new Map(), signer: undefined }
  const verdict = judgeAgain(trail, snapshotOf(...applications), noKeys, nowMs)
  return verdict.ok ? 'goes on' : verdict.error
}

it.each<readonly [string, readonly ApplicationPlan[], string]>([
  ['nothing changed', [billing], 'goes on'],
  ['its owner changed', [{ ...billing, owner: 'other' }], 'goes on'],
  ['it was suspended', [{ ...billing, status: 'suspended' }], 'configuration'],
  ['its subscription ended', [{ ...billing, subscriptions: [] }], 'configuration'],
  ['it is gone', [], 'configuration'],
  ['its claims are another one’s now', [applicationOf('shop', [{ azp: 'billing' }])], 'configuration'],
])('S16 a long connection of an application, when %s', (_, applications, expected) => {
  expect(judged(...applications)).toBe(expected)
})

// Nor does it outlive the place its API key was looked for in, the key itself, or its end.
const place = { kind: 'header', name: 'x-api-key' } as const
const keyOnly = { byClaims: false, apiKey: place }
const keyed = (validUntilMs?: number): ApplicationPlan => ({
  ...billing,
  apiKeys: [{ id: 'k1', rule: 'r', hash: 'hash', validUntilMs }],
})

/** The end of a stream that came with an API key, or nothing, in milliseconds from now, or why it is cut. */
function judgedByKey(
  then: Partial<IdentifyPlan>,
  now: Partial<IdentifyPlan> | undefined,
  key: ApplicationPlan,
  header = 'x-api-key',
): string | number {
  const plan = apiPlanOf()
  if (plan.access.kind === 'public') throw new Error('protected by default')
  const { access } = plan
  const of = (asked: Partial<IdentifyPlan> | undefined): Snapshot => {
    const identify = asked === undefined ? undefined : identifyPlanOf(asked)
    const issuerIds = asked?.byClaims === false ? [] : access.issuerIds
    const object: ConfigObject = { kind: 'application', id: key.id, hash: '', plan: key }
    return assemble([...objectsOf([{ ...plan, access: { ...access, issuerIds, identify } }]), object], 1)
  }
  const before = of(then)
  const isAnonymous = then.allowAnonymous === true
  const trail = startTrail(exchangeOf('/orders/feed'), before, 'd')
  trail.head = headOf('/orders/feed', [header, 'the-key-it-came-with'])
  trail.api = before.apis[0]
  trail.withoutToken = true
  trail.apiKeyHash = isAnonymous ? undefined : 'hash'
  trail.application = isAnonymous ? undefined : { plan: key, subscriptions: new Map(), signer: undefined }
  const verdict = judgeAgain(trail, of(now), noKeys, nowMs)
  return verdict.ok ? verdict.value - nowMs : verdict.error
}

it.each<[string, Partial<IdentifyPlan>, Partial<IdentifyPlan> | undefined, ApplicationPlan, string | number]>([
  ['nothing changed', keyOnly, keyOnly, keyed(), Number.POSITIVE_INFINITY],
  ['its key was given an end', keyOnly, keyOnly, keyed(nowMs + 5000), 5000],
  ['its key ended', keyOnly, keyOnly, keyed(nowMs), 'expired'],
  ['its key is gone', keyOnly, keyOnly, billing, 'configuration'],
  [
    'its key is looked for elsewhere',
    keyOnly,
    { ...keyOnly, apiKey: { kind: 'header', name: 'x-other' } },
    keyed(),
    'configuration',
  ],
  ['no API key is taken any more', { apiKey: place }, {}, keyed(), 'configuration'],
  ['both credentials are asked for', { apiKey: place }, { apiKey: place, connector: 'and' }, keyed(), 'configuration'],
  ['nobody asks for applications any more', { apiKey: place }, undefined, keyed(), 'configuration'],
])('S16 a long connection of an API key, when %s', (_, then, now, key, expected) => {
  expect(judgedByKey(then, now, key)).toBe(expected)
})

it('S16 a long connection of nobody, when what it came with is an API key now', () => {
  const anonymous = { allowAnonymous: true }
  expect(judgedByKey(anonymous, anonymous, keyed())).toBe(Number.POSITIVE_INFINITY)
  expect(judgedByKey(anonymous, { ...anonymous, apiKey: place }, keyed())).toBe('configuration')
  expect(judgedByKey(anonymous, { ...anonymous, apiKey: place }, keyed(), 'x-another')).toBe(Number.POSITIVE_INFINITY)
})
