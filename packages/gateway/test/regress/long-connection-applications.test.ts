import { expect, it } from 'vitest'
import { assemble } from '../../src/compile/assemble.ts'
import type { ApplicationPlan, ConfigObject } from '../../src/compile/plan.ts'
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
