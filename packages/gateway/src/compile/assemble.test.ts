import { describe, expect, it } from 'vitest'
import { issuerOf } from '../../test/fixtures/compiled-plans.ts'
import { apiPlanOf, compiledApiOf, objectsOf } from '../../test/fixtures/requests.ts'
import { assemble, assembleInSlices } from './assemble.ts'
import type { ConfigObject, IssuerPlan } from './plan.ts'

function withIssuers(...plans: readonly IssuerPlan[]): ConfigObject[] {
  const api = apiPlanOf()
  if (api.access.kind === 'public') throw new Error('protected by default')
  const objects = objectsOf([{ ...api, access: { ...api.access, issuerIds: plans.map((plan) => plan.id) } }])
  const issuers = plans.map((plan): ConfigObject => ({ kind: 'issuer', id: plan.id, hash: JSON.stringify(plan), plan }))
  return [...issuers, ...objects.filter((object) => object.kind !== 'issuer')]
}

const idp = issuerOf({ id: 'idp', match: { kind: 'exact', iss: 'https://idp.example' }, algorithmBits: 1 }).plan
const tenants = issuerOf({
  id: 'tenants',
  algorithmBits: 8,
  trust: 'both',
  match: {
    kind: 'pattern',
    prefix: 'https://login.example/',
    suffix: '/v2',
    tenants: ['t1'],
    tenantClaim: { text: 'tid', segments: ['tid'] },
  },
}).plan

describe('assembling a snapshot', () => {
  it('selects the issuer by its exact iss or its pattern, and nobody else', () => {
    const [api] = assemble(withIssuers(idp, tenants), 1).apis
    expect(api?.selectIssuer('https://idp.example')?.plan.id).toBe('idp')
    expect(api?.selectIssuer('https://login.example/t1/v2')?.plan.id).toBe('tenants')
    expect(api?.selectIssuer('https://login.example/t2/v2')).toBeUndefined()
    expect(api?.selectIssuer('https://idp.example/')).toBeUndefined()
    expect(api?.selectIssuer(undefined)).toBeUndefined()
    expect(api?.algorithmBits).toBe(9)
    expect(api?.introspecting.map((issuer) => issuer.plan.id)).toEqual(['tenants'])
  })

  it('an issuer for any iss takes all, and only alone', () => {
    const any = issuerOf({ id: 'any', match: { kind: 'any' } }).plan
    const [api] = assemble(withIssuers(any), 1).apis
    expect(api?.selectIssuer(undefined)?.plan.id).toBe('any')
    expect(api?.selectIssuer('whoever')?.plan.id).toBe('any')
    expect(() => assemble(withIssuers(any, idp), 1)).toThrow('not alone')
  })

  it('reuses what did not change and builds what did', () => {
    const first = apiPlanOf({ id: 'first', segments: ['first'] })
    const second = apiPlanOf({ id: 'second', segments: ['second'] })
    const before = assemble(objectsOf([first, second]), 1)
    // A reload parses anew: equal plans, other objects.
    const changed: typeof second = { ...structuredClone(second), stripPath: true }
    const after = assemble(objectsOf([structuredClone(first), changed]), 2, before)
    expect(after.generation).toBe(2)
    expect(after.issuers[0]).toBe(before.issuers[0])
    expect(after.apis[0]).toBe(before.apis[0])
    expect(after.apis[1]).not.toBe(before.apis[1])
    expect(after.match('', '/second/1')?.plan.stripPath).toBe(true)
  })

  it('a changed issuer reaches every API that trusts it', () => {
    const before = assemble(withIssuers(idp), 1)
    const after = assemble(withIssuers({ ...idp, algorithmBits: 2 }), 2, before)
    expect(after.apis[0]?.algorithmBits).toBe(2)
    expect(after.apis[0]?.selectIssuer('https://idp.example')).toBe(after.issuers[0])
    expect(after.apis[0]?.accessFor).toBe(before.apis[0]?.accessFor)
  })

  it('a header that becomes an identity header on one API becomes one on all, reused or not', () => {
    const plain = apiPlanOf({ id: 'plain', segments: ['plain'] })
    const mapped = apiPlanOf({ id: 'mapped', segments: ['mapped'] })
    const claim = {
      path: { text: 'sub', segments: ['sub'] },
      header: 'X-User',
      unprintable: 'encode',
      rule: 'r',
    } as const
    const before = assemble(objectsOf([plain, mapped]), 1)
    const after = assemble(
      objectsOf([plain, { ...mapped, forward: { token: 'keep', claims: [claim], application: [] } }]),
      2,
      before,
    )
    expect(before.apis[0]?.identityHeaders.size).toBe(0)
    expect(after.apis[0]?.identityHeaders.size).toBe(1)
  })

  it('is frozen: nothing a request can reach is mutable configuration', () => {
    const snapshot = assemble(withIssuers(idp, tenants), 1)
    for (const part of [
      snapshot,
      snapshot.gateway,
      snapshot.issuers,
      snapshot.apis,
      ...snapshot.apis,
      ...snapshot.issuers,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(Object.isFrozen(snapshot.apis[0]?.plan.upstream.targets[0])).toBe(true)
    expect(Object.isFrozen(compiledApiOf().accessFor('GET', '/orders').require.claims)).toBe(true)
  })

  it('rests between its objects: hundreds of them are not built in one go', () => {
    const plans = Array.from({ length: 500 }, (_, index) => apiPlanOf({ id: `a${index}`, segments: [`a${index}`] }))
    const slices = assembleInSlices(objectsOf(plans), 1)
    let rests = 0
    let step = slices.next()
    for (; step.done !== true; step = slices.next()) rests++
    expect(rests).toBeGreaterThanOrEqual(10)
    expect(step.value.apis.map(({ plan }) => plan.id)).toEqual(plans.map(({ id }) => id))
  })

  it('throws on what compile never yields', () => {
    expect(() => assemble([], 1)).toThrow('no gateway')
    expect(() =>
      assemble(
        objectsOf([apiPlanOf()]).filter((object) => object.kind !== 'issuer'),
        1,
      ),
    ).toThrow('unknown issuer')
  })
})
