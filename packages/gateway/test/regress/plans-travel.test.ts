import { describe, expect, it } from 'vitest'
import { compilePorts } from '../../src/app/config/compile-ports.ts'
import { compileConfig } from '../../src/compile/compile-config.ts'
import { parseConfig } from '../../src/compile/parse-config.ts'

const upstream = { targets: ['http://127.0.0.1:9'] }
const issuers = { acme: { issuer: 'https://a.test', keys: { jwksUri: 'https://a.test/jwks' }, audiences: ['a'] } }
const policies = { gold: { access: [{ api: 'kept' }, { api: 'kept', paths: ['/v1/*'] }], maxTokenAge: '1m' } }
const apis = {
  open: { upstream, access: 'public' },
  kept: {
    upstream,
    listen: { path: '/kept' },
    access: { issuers: ['acme'], policy: { default: ['gold'] }, scopes: { policies: { admin: 'gold' } } },
  },
}

describe('what control compiles is what a worker gets, as both speak JSON to each other', () => {
  it.each<[string, object]>([
    ['nothing but an API', {}],
    [
      'a listener without a public URL beside one with it',
      { listeners: [{}, { port: 81, publicUrl: 'https://a.test' }] },
    ],
  ])('%s', (_name, gateway) => {
    const parsed = parseConfig({ version: 1, gateway, policies, issuers, apis })
    const compiled = parsed.ok ? compileConfig(parsed.value, compilePorts(0)) : parsed
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
    const { objects } = compiled.value.compiled
    // A member without a value may be missing there; a place in a list may not become something else.
    expect(JSON.parse(JSON.stringify(objects))).toEqual(objects)
  })
})
