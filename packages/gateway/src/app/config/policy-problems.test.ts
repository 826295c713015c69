import { describe, expect, it } from 'vitest'
import { ok } from '../../domain/result.ts'
import { loadConfig } from './load-config.ts'

const head = `version: 1
issuers:
  acme:
    issuer: https://idp.example
    keys: { jwksUri: "https://idp.example/jwks" }
    audiences: [orders]
`

/** What is said of a document with these policies and this access to `orders`, beside an open API. */
async function told(policies: string, access: string, listen = ''): Promise<readonly string[]> {
  const text = `${head}policies: ${policies}
apis:
  open: { listen: { path: /open }, upstream: { targets: ["http://127.0.0.1:9"] }, access: public }
  orders:
    listen: { path: /orders${listen} }
    methods: [GET, HEAD, POST]
    upstream: { targets: ["http://127.0.0.1:9"] }
    access: ${access}
`
  const files = { realPath: async (path: string) => path, readBytes: async () => ok(Buffer.from(text)) }
  const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs: Date.now(), files }
  const loaded = await loadConfig('/etc/jotgate/jotgate.yaml', ports)
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  return problems.map(({ path, severity, code }) => `${severity} ${code} ${path}`)
}

const asks = '{ issuers: [acme], policy: {} }'

it('what a right to a path with a parameter would grant beside it, nobody wrote', async () => {
  const access = '{ issuers: [acme], policy: {} }'
  const policies = '{ gold: { access: [{ api: orders, paths: ["/report;mode=read"] }] } }'
  const expected = [
    'error right_parameter policies.gold.access[0].paths[0]',
    'warning path_form_allowed apis.orders.listen.allow',
  ]
  expect(await told(policies, access, ', allow: [parameters]')).toEqual(expected)
})

describe('problems of policies, each at its place', () => {
  it.each<readonly [string, string, string, readonly string[]]>([
    [
      'all that can be said, rightly',
      '{ gold: { access: [{ api: orders, methods: [GET], paths: ["/v1/*"] }], maxTokenAge: 10m, validUntil: "2099-01-01T00:00:00+01:00" } }',
      '{ issuers: [acme], policy: { claim: plan.id, default: [gold], merge: strict }, scopes: { claim: roles, policies: { admin: gold, "a b": [gold] }, defaults: drop } }',
      [],
    ],
    [
      'an API that is not there',
      '{ gold: { access: [{ api: ordes }] } }',
      asks,
      ['error api_unknown policies.gold.access[0].api'],
    ],
    [
      'a right on an API that asks for none',
      '{ gold: { access: [{ api: open }] } }',
      asks,
      ['error policy_not_asked policies.gold.access[0].api'],
    ],
    [
      'a right where policies are asked of nobody',
      '{ gold: { access: [{ api: orders }] } }',
      '{ issuers: [acme] }',
      ['error policy_not_asked policies.gold.access[0].api'],
    ],
    [
      'a method the API does not let through',
      '{ gold: { access: [{ api: orders, methods: [GET, DELETE] }] } }',
      asks,
      ['error method_unused policies.gold.access[0].methods[1]'],
    ],
    [
      'a path no request could have',
      '{ gold: { access: [{ api: orders, paths: ["/a/../b"] }] } }',
      asks,
      ['error path_form policies.gold.access[0].paths[0]'],
    ],
    [
      'a star that is no segment',
      '{ gold: { access: [{ api: orders, paths: ["/v1*"] }] } }',
      asks,
      ['error route_pattern policies.gold.access[0].paths[0]'],
    ],
    [
      'a default that is not there',
      '{}',
      '{ issuers: [acme], policy: { default: [gild] } }',
      ['error policy_unknown apis.orders.access.policy.default[0]'],
    ],
    [
      'a policy of a scope that is not there',
      '{}',
      '{ issuers: [acme], scopes: { policies: { admin: gold } } }',
      ['error policy_unknown apis.orders.access.scopes.policies.admin'],
    ],
    [
      'a policy without a right here',
      '{ gold: { access: [{ api: other }] } }',
      '{ issuers: [acme], policy: { default: [gold] } }',
      [
        'error api_unknown policies.gold.access[0].api',
        'warning policy_without_right apis.orders.access.policy.default[0]',
      ],
    ],
    [
      'an end that is past',
      '{ gold: { access: [{ api: orders }], validUntil: "2020-01-01T00:00:00Z" } }',
      asks,
      ['warning policy_ended policies.gold.validUntil'],
    ],
    [
      'a claim its holder may change',
      '{ gold: { access: [{ api: orders }] } }',
      '{ issuers: [acme], policy: { claim: preferred_username }, scopes: { claim: email, policies: { a: gold } } }',
      ['error mutable_claim apis.orders.access.scopes.claim', 'warning mutable_claim apis.orders.access.policy.claim'],
    ],
    [
      'defaults to drop where there are none',
      '{ gold: { access: [{ api: orders }] } }',
      '{ issuers: [acme], scopes: { policies: { a: gold }, defaults: drop } }',
      ['warning nothing_to_drop apis.orders.access.scopes.defaults'],
    ],
    [
      'no way to any policy',
      '{}',
      '{ issuers: [acme], policy: { claim: false } }',
      ['error policy_source apis.orders.access.policy'],
    ],
    [
      'one claim for two things',
      '{ gold: { access: [{ api: orders }] } }',
      '{ issuers: [acme], policy: { claim: roles }, scopes: { claim: roles, policies: { admin: gold } } }',
      ['error contradiction apis.orders.access.scopes.claim'],
    ],
    ['a policy that grants nothing', '{ gold: { access: [] } }', asks, ['error out_of_bounds policies.gold.access']],
    [
      'a time without its offset',
      '{ gold: { access: [{ api: orders }], validUntil: "2099-01-01" } }',
      asks,
      ['error wrong_form policies.gold.validUntil'],
    ],
    [
      'a limit, which nothing enforces yet',
      '{ gold: { access: [{ api: orders }], rateLimit: { requests: 1, per: 1s } } }',
      asks,
      ['error unknown_key policies.gold.rateLimit'],
    ],
    [
      'a policy the schema refuses, of which nothing else is said',
      '{ gold: { access: [{ api: orders }], color: 1 } }',
      '{ issuers: [acme], policy: { default: [gold] } }',
      ['error unknown_key policies.gold.color'],
    ],
    [
      'an API the schema refuses, of which nothing else is said',
      '{ gold: { access: [{ api: orders }] } }',
      '{ issuers: [acme], policy: { default: [gold] }, color: 1 }',
      ['error unknown_key apis.orders.access.color'],
    ],
    ['an id that is none', '{ Gold!: { access: [{ api: orders }] } }', asks, ['error wrong_name policies["Gold!"]']],
  ])('%s', async (_, policies, access, expected) => {
    expect([...(await told(policies, access))].sort()).toEqual([...expected].sort())
  })
})
