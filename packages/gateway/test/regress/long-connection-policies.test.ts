import { describe, expect, it } from 'vitest'
import { assemble } from '../../src/compile/assemble.ts'
import type { ConfigObject, GrantsPlan, PolicyPlan } from '../../src/compile/plan.ts'
import type { Snapshot } from '../../src/compile/snapshot.ts'
import type { VerifiedToken } from '../../src/domain/token.ts'
import { judgeAgain } from '../../src/proxy/judge-again.ts'
import type { FindKeyPorts } from '../../src/proxy/steps/find-key.ts'
import { startTrail } from '../../src/proxy/trail.ts'
import { claimsOf } from '../fixtures/compiled-plans.ts'
import { apiPlanOf, exchangeOf, headOf, objectsOf, policyOf, rightOf } from '../fixtures/requests.ts'

// A stream that outlives a reload is held to what its caller's policies say then, their new ends among it.

const nowMs = 1_800_000_000_000
const now = nowMs / 1000
const noKeys: FindKeyPorts = {
  indexOf: () => {
    throw new Error('no key is needed')
  },
  remote: { get: () => undefined, refetch: () => Promise.resolve() },
}
const asked: GrantsPlan = {
  rule: 'apis.orders.access.policy',
  claim: undefined,
  defaults: ['gold'],
  merge: 'permissive',
  scopes: undefined,
}

function snapshotOf(gold: PolicyPlan | undefined, grants: GrantsPlan | undefined = asked): Snapshot {
  const plan = apiPlanOf()
  if (plan.access.kind === 'public') throw new Error('protected by default')
  const policies =
    gold === undefined ? [] : [{ kind: 'policy', id: 'gold', hash: '', plan: gold } satisfies ConfigObject]
  return assemble([...objectsOf([{ ...plan, access: { ...plan.access, grants } }]), ...policies], 1)
}

/** The end of a stream on `/orders/feed`, in seconds from now, or why it is cut. */
function judged(gold: PolicyPlan | undefined, grants?: GrantsPlan): number | string {
  const before = snapshotOf(policyOf('gold', [rightOf()]))
  const trail = startTrail(exchangeOf('/orders/feed'), before, 'd')
  trail.head = headOf('/orders/feed')
  trail.api = before.apis[0]
  const claims = claimsOf({ iss: 'https://idp.example', aud: 'orders', iat: now - 100, exp: now + 3600 })
  // What an introspection endpoint answered: no key stands behind it.
  trail.verified = {
    voucher: 'issuer',
    issuerId: 'main',
    iss: 'https://idp.example',
    claims,
  } as unknown as VerifiedToken
  const verdict = judgeAgain(trail, snapshotOf(gold, grants), noKeys, nowMs)
  return verdict.ok ? (verdict.value - nowMs) / 1000 : verdict.error
}

describe('S16 a long connection whose caller has policies', () => {
  it('goes on to the end of its token where they let it', () => {
    expect(judged(policyOf('gold', [rightOf()]))).toBe(3600 + 30)
    expect(judged(undefined, { ...asked, defaults: [], scopes: undefined, claim: undefined })).toBe('configuration')
  })

  it('ends when its right was taken away, or its policy', () => {
    expect(judged(policyOf('gold', [rightOf(['/elsewhere'])]))).toBe('configuration')
    expect(judged(undefined)).toBe('configuration')
  })

  it('ends at an end its policy was given since', () => {
    expect(judged(policyOf('gold', [rightOf()], { validUntilMs: nowMs + 7000 }))).toBe(7)
    expect(judged(policyOf('gold', [rightOf()], { validUntilMs: nowMs - 1 }))).toBe('configuration')
    expect(judged(policyOf('gold', [rightOf()], { maxTokenAgeSeconds: 200 }))).toBe(100 + 60)
  })
})
