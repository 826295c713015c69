import { expect, it } from 'vitest'
import { compilePorts } from '../app/config/compile-ports.ts'
import { assemble } from './assemble.ts'
import { compileConfig } from './compile-config.ts'
import { describeRoutes } from './describe-routes.ts'
import { parseConfig } from './parse-config.ts'

/** What protects an API with this access, and a route of it that asks for a scope. */
function protections(access: object, withRoute = false): readonly (readonly string[])[] {
  const issuers = {
    acme: { issuer: 'https://a.test', keys: { jwksUri: 'https://a.test/k' }, audiences: ['orders'] },
  }
  const routes = withRoute ? [{ path: '/x', require: { scopes: { all: ['write'] } } }] : []
  const api = { listen: { path: '/o' }, upstream: { targets: ['http://127.0.0.1:9'] }, access, routes }
  const parsed = parseConfig({ version: 1, issuers, apis: { o: api } })
  const compiled = parsed.ok ? compileConfig(parsed.value, compilePorts(0)) : parsed
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return describeRoutes(assemble(compiled.value.compiled.objects, 1)).map((one) => one.protections)
}

const token = 'issuer acme for orders'

it.each<readonly [string, object, readonly string[]]>([
  ['a token', { issuers: ['acme'] }, [token]],
  ['an application', { issuers: ['acme'], identify: { by: ['jwtClaims'] } }, [token, 'a subscribed application']],
  [
    'any application',
    { issuers: ['acme'], identify: { by: ['jwtClaims'], lookup: 'open' } },
    [token, 'a registered application'],
  ],
  ['nobody’s tokens too', { issuers: ['acme'], identify: { by: ['jwtClaims'], lookup: 'relax' } }, [token]],
  ['API keys', { identify: { by: ['apiKey'] } }, ['an API key', 'a subscribed application']],
  ['both', { issuers: ['acme'], identify: { by: ['apiKey'] } }, [token, 'an API key', 'a subscribed application']],
  [
    'either',
    { issuers: ['acme'], identify: { by: ['jwtClaims', 'apiKey'] } },
    [`${token}, or an API key`, 'a subscribed application'],
  ],
  ['own tokens', { identify: { by: ['jwtKey'] } }, ['tokens applications sign', 'a subscribed application']],
  ['nobody', { identify: { by: ['apiKey'], allowAnonymous: true } }, []],
])('what stands before an API that asks for %s', (_, access, expected) => {
  expect(protections(access)).toEqual([expected])
})

it('a route that asks what only a token says asks for one', () => {
  const access = { issuers: ['acme'], identify: { by: ['jwtClaims', 'apiKey'], allowAnonymous: true } }
  expect(protections(access, true)).toEqual([[], [token, 'scope write', 'a subscribed application']])
})
