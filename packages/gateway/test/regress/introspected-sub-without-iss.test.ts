import { describe, expect, it } from 'vitest'
import { problemsOf } from '../support/problems-of.ts'

const target = { listen: { path: '/p' }, upstream: { targets: ['http://127.0.0.1:9'] } }

/** An API that forwards `sub` and `iss` of these issuers. */
function problemsWith(issuers: Readonly<Record<string, object>>, claims: object = { 'X-User': 'sub', 'X-Iss': 'iss' }) {
  const withNames = Object.entries(issuers).map(
    ([id, terms]) => [id, { issuer: `https://${id}.example`, audiences: ['x'], ...terms }] as const,
  )
  const access = { issuers: Object.keys(issuers) }
  return problemsOf({
    version: 1,
    issuers: Object.fromEntries(withNames),
    apis: { p: { ...target, access, forward: { claims } } },
  })
}

const introspection = {
  endpoint: 'https://idp.example/introspect',
  clientId: 'gateway',
  clientSecret: '${env:JOTGATE_SECRET}',
}
const silent = { introspection }
const naming = { introspection, requireClaims: ['iss'] }
const keyed = { keys: { discovery: true } }

describe('S11 the sub of two introspecting issuers', () => {
  it('is forwarded only when at most one of them may answer without iss', async () => {
    expect(await problemsWith({ a: silent, b: silent })).toEqual(['apis.p.access.issuers[1] iss_not_required'])
    expect(await problemsWith({ a: silent, b: silent, c: silent })).toEqual([
      'apis.p.access.issuers[1] iss_not_required',
      'apis.p.access.issuers[2] iss_not_required',
    ])
    expect(await problemsWith({ a: silent, b: naming })).toEqual([])
    expect(await problemsWith({ a: naming, b: naming })).toEqual([])
  })

  it('a signed token always names its issuer, and so does an answer about one of many tenants', async () => {
    expect(await problemsWith({ a: keyed, b: silent, c: keyed })).toEqual([])
    const tenants = { issuer: 'https://b.example/{tenant}', tenants: ['x', 'y'], introspection }
    expect(await problemsWith({ a: silent, b: tenants })).toEqual([])
  })

  it('is no problem where no sub is forwarded', async () => {
    expect(await problemsWith({ a: silent, b: silent }, { 'X-Scope': 'scope' })).toEqual([])
  })
})
