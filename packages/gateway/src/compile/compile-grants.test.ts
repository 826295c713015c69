import { describe, expect, it } from 'vitest'
import { compilePorts } from '../app/config/compile-ports.ts'
import { compileConfig } from './compile-config.ts'
import { parseConfig } from './parse-config.ts'
import type { GrantsPlan } from './plan.ts'

/** What an API with this access asks of its callers' policies; there is a policy `gold`. */
function grantsOf(access: object): GrantsPlan | undefined {
  const orders = { upstream: { targets: ['http://127.0.0.1:9'] }, access: { issuers: ['acme'], ...access } }
  const other = { ...orders, listen: { path: '/other' }, access: { issuers: ['acme'], policy: {} } }
  const parsed = parseConfig({
    version: 1,
    issuers: { acme: { issuer: 'https://a.test', keys: { jwksUri: 'https://a.test/jwks' }, audiences: ['a'] } },
    policies: { gold: { access: [{ api: 'other' }] } },
    apis: { orders, other },
  })
  const compiled = parsed.ok ? compileConfig(parsed.value, compilePorts(0)) : parsed
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  for (const object of compiled.value.compiled.objects) {
    if (object.kind !== 'api' || object.id !== 'orders' || object.plan.access.kind === 'public') continue
    return object.plan.access.grants
  }
  throw new Error('no API')
}

describe('the policies an API asks for', () => {
  it('are none where neither `policy` nor `scopes` is written', () => {
    expect(grantsOf({})).toBeUndefined()
  })

  it('are named by the claim `pol` where `policy` is written', () => {
    expect(grantsOf({ policy: {} })).toMatchObject({ claim: { text: 'pol' }, defaults: [], merge: 'permissive' })
    expect(grantsOf({ policy: { claim: 'plan.id' } })?.claim?.segments).toEqual(['plan', 'id'])
    expect(grantsOf({ policy: { claim: false, default: ['gold'] } })?.claim).toBeUndefined()
  })

  it('are named by no claim because of `scopes`: whoever wrote those trusts the scopes', () => {
    const grants = grantsOf({ scopes: { policies: { admin: 'gold' } } })
    expect(grants).toMatchObject({ claim: undefined, rule: 'apis.orders.access.scopes' })
    expect(grants?.scopes).toMatchObject({
      claim: { text: 'scope' },
      keepDefaults: true,
      policies: [['admin', ['gold']]],
    })
  })
})
