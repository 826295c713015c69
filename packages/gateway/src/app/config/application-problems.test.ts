import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ok } from '../../domain/result.ts'
import { loadConfig } from './load-config.ts'

const head = `version: 1
issuers:
  acme:
    issuer: https://idp.example
    keys: { jwksUri: "https://idp.example/jwks" }
    audiences: [orders]
  other:
    issuer: https://other.example
    keys: { jwksUri: "https://other.example/jwks" }
    audiences: [orders]
  many:
    issuer: "https://many.example/{tenant}"
    anyTenant: true
    keys: { jwksUri: "https://many.example/jwks" }
    audiences: [orders]
  anyone:
    requireIssuer: false
    keys: { jwksUri: "https://anyone.example/jwks" }
    audiences: [orders]
policies:
  gold: { access: [{ api: graded }] }
`

const upstream = 'upstream: { targets: ["http://127.0.0.1:9"] }'

/** What is said of a document with these applications, beside what is said of it without any. */
async function told(applications: string): Promise<readonly string[]> {
  const text = `${head}applications: ${applications}
apis:
  open: { listen: { path: /open }, ${upstream}, access: public }
  orders: { listen: { path: /orders }, ${upstream}, access: { issuers: [acme], identify: { by: [jwtClaims] } } }
  shared: { listen: { path: /shared }, ${upstream}, access: { issuers: [acme, other], identify: { by: [jwtClaims] } } }
  tenants: { listen: { path: /tenants }, ${upstream}, access: { issuers: [many], identify: { by: [jwtClaims] } } }
  graded: { listen: { path: /graded }, ${upstream}, access: { issuers: [acme], identify: { by: [jwtClaims] }, policy: { claim: false, default: [gold] } } }
  loose: { listen: { path: /loose }, ${upstream}, access: { issuers: [anyone], identify: { by: [jwtClaims] } } }
  keyed: { listen: { path: /keyed }, ${upstream}, access: { issuers: [other], identify: { by: [apiKey] } } }
  anyone: { listen: { path: /anyone }, ${upstream}, access: { issuers: [acme] } }
`
  const files = { realPath: async (path: string) => path, readBytes: async () => ok(Buffer.from(text)) }
  const ports = {
    environment: { JOTGATE_SECRET: 'x'.repeat(40) },
    allowEnv: [],
    secretsDir: undefined,
    nowMs: Date.now(),
    files,
  }
  const loaded = await loadConfig('/etc/jotgate/jotgate.yaml', ports)
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  const usual = ['tenants_any', 'any_tenant', 'no_subscriptions']
  return problems
    .filter(({ code, path }) => path.startsWith('applications') && !usual.includes(code))
    .map(({ path, severity, code }) => `${severity} ${code} ${path}`)
}

const pairs = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
function jwk(at: number, isPrivate = false): string {
  const pair = pairs[at]
  return JSON.stringify((isPrivate ? pair?.privateKey : pair?.publicKey)?.export({ format: 'jwk' }))
}
const hash = (letter: string): string => `hmac-sha256:${letter.repeat(43)}`
const orders = 'subscriptions: [{ api: orders }]'

describe('problems of applications, each at its place', () => {
  it.each<readonly [string, string, readonly string[]]>([
    [
      'all that can be said, rightly',
      `{ billing: { name: Billing, owner: finance, description: d, status: pending, metadata: { plan: pro },
         claims: [{ issuer: acme, match: { azp: billing, internal: true, level: 3 } }],
         subscriptions: [{ api: orders, groups: [default] }, { api: graded, policies: [gold] }] } }`,
      [],
    ],
    ['nothing to know it by', `{ billing: { ${orders} } }`, ['warning application_unknowable applications.billing']],
    [
      'an API that is not there',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: ordes }] } }',
      ['error api_unknown applications.billing.subscriptions[0].api'],
    ],
    [
      'an API that asks nobody',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: anyone }, { api: open }] } }',
      [
        'error identify_not_asked applications.billing.subscriptions[0].api',
        'error identify_not_asked applications.billing.subscriptions[1].api',
      ],
    ],
    [
      'one API twice',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: orders }, { api: orders }] } }',
      ['error subscription_duplicate applications.billing.subscriptions[1].api'],
    ],
    [
      'policies where none are asked for, and one that is not there',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: orders, policies: [gild] }] } }',
      [
        'error policy_not_asked applications.billing.subscriptions[0].policies',
        'error policy_unknown applications.billing.subscriptions[0].policies[0]',
      ],
    ],
    [
      'an issuer that is not there',
      `{ billing: { claims: [{ issuer: acmee, match: { azp: b } }], ${orders} } }`,
      ['error issuer_unknown applications.billing.claims[0].issuer'],
    ],
    [
      'an issuer whose tokens no API of it takes',
      `{ billing: { claims: [{ issuer: other, match: { azp: b } }], ${orders} } }`,
      ['warning claims_unreachable applications.billing.claims[0].issuer'],
    ],
    [
      'S27 a set of any issuer where tokens of two could match',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: shared }] } }',
      ['error claims_unbound applications.billing.claims[0]'],
    ],
    [
      'S3 a set that every tenant could match',
      '{ billing: { claims: [{ issuer: many, match: { azp: b } }, { issuer: many, match: { azp: b, tid: t } }], subscriptions: [{ api: tenants }] } }',
      ['error claims_tenant_missing applications.billing.claims[0].match'],
    ],
    [
      'one claim set in two applications',
      `{ billing: { claims: [{ match: { azp: b, sub: s } }], ${orders} }, shop: { claims: [{ match: { sub: s, azp: b } }], ${orders} } }`,
      ['error claims_duplicate applications.shop.claims[0]'],
    ],
    [
      'two sets one token may match',
      `{ billing: { claims: [{ match: { azp: b } }], ${orders} }, shop: { claims: [{ match: { sub: s } }], ${orders} } }`,
      ['warning claims_may_tie applications.billing.claims[0]'],
    ],
    [
      'two sets that exclude each other',
      `{ billing: { claims: [{ match: { azp: b, sub: s } }], ${orders} }, shop: { claims: [{ match: { azp: c, tenant: t } }], ${orders} } }`,
      [],
    ],
    [
      'a set of a bound issuer and the same of any',
      `{ billing: { claims: [{ issuer: acme, match: { azp: b } }], ${orders} }, shop: { claims: [{ match: { azp: b } }], ${orders} } }`,
      ['warning claims_may_tie applications.shop.claims[0]'],
    ],
    [
      'S27 claims that can change hands',
      `{ billing: { claims: [{ match: { email: b@example.com } }, { match: { email: c@example.com, email_verified: true } }, { match: { upn: u } }], ${orders} } }`,
      [
        'error email_unverified applications.billing.claims[0].match.email',
        'warning mutable_claim applications.billing.claims[1].match.email',
        'warning mutable_claim applications.billing.claims[2].match.upn',
      ],
    ],
    [
      'a value that names nobody',
      `{ billing: { claims: [{ match: { azp: "" } }], ${orders} } }`,
      ['error claim_value applications.billing.claims[0].match.azp'],
    ],
    [
      'API keys, rightly',
      `{ billing: { apiKeys: [{ id: k1, hash: "${hash('a')}" }, { id: k2, hash: "${hash('b')}", validUntil: "2099-01-01T00:00:00Z" }] } }`,
      [],
    ],
    [
      'an API key that is past, and two of one name',
      `{ billing: { apiKeys: [{ id: k1, hash: "${hash('a')}", validUntil: "2020-01-01T00:00:00Z" }, { id: k1, hash: "${hash('b')}" }] } }`,
      [
        'warning api_key_ended applications.billing.apiKeys[0].validUntil',
        'error api_key_duplicate applications.billing.apiKeys[1].id',
      ],
    ],
    [
      'one API key in two applications',
      `{ billing: { apiKeys: [{ id: k1, hash: "${hash('a')}" }] }, shop: { apiKeys: [{ id: k1, hash: "${hash('a')}" }] } }`,
      ['error api_key_duplicate applications.shop.apiKeys[0].hash'],
    ],
    [
      'tokens of its own, rightly',
      `{ billing: { tokens: { keys: [{ name: one, publicKey: '${jwk(0)}' }, { name: two, publicKey: '${jwk(1)}', kid: second }], maxLifetime: 1h } } }`,
      [],
    ],
    [
      'keys that are none, or two, or of one name',
      `{ billing: { tokens: { keys: [{ name: one, publicKey: '${jwk(0)}' }, { name: one, publicKey: '${jwk(1)}' }, { name: two }, { name: three, publicKey: '${jwk(0)}', certificate: x }] } } }`,
      [
        'error key_form applications.billing.tokens.keys[2]',
        'error key_form applications.billing.tokens.keys[3]',
        'error key_duplicate applications.billing.tokens.keys[1].name',
      ],
    ],
    [
      'one kid for two keys',
      `{ billing: { tokens: { keys: [{ name: one, publicKey: '${jwk(0)}', kid: k }, { name: two, publicKey: '${jwk(1)}', kid: k }] } } }`,
      ['error duplicate_kid applications.billing.tokens.keys[1]'],
    ],
    [
      'a private key',
      `{ billing: { tokens: { keys: [{ name: one, publicKey: '${jwk(0, true)}' }] } } }`,
      ['error private_key applications.billing.tokens.keys[0].publicKey'],
    ],
    [
      'a public key beside a secret',
      `{ billing: { tokens: { keys: [{ name: one, publicKey: '${jwk(0)}' }, { name: two, sharedSecret: '\${env:JOTGATE_SECRET}' }] } } }`,
      ['error keys_mixed applications.billing.tokens.keys'],
    ],
    [
      'two applications of one iss',
      `{ billing: { tokens: { keys: [{ name: one, publicKey: '${jwk(0)}' }] } }, shop: { tokens: { issuer: billing, keys: [{ name: one, publicKey: '${jwk(1)}' }] } } }`,
      ['error issuer_overlap applications.shop.tokens.issuer'],
    ],
    [
      'an API key as it is, not its hash',
      '{ billing: { apiKeys: [{ id: k1, hash: jgk_0 }] } }',
      ['error wrong_form applications.billing.apiKeys[0].hash'],
    ],
    [
      'a number no parser tells from its neighbours',
      `{ billing: { claims: [{ match: { uid: 9007199254740993 } }], ${orders} } }`,
      ['error claim_value applications.billing.claims[0].match.uid'],
    ],
    [
      'S3 a set of an issuer that takes any iss',
      '{ billing: { claims: [{ issuer: anyone, match: { azp: b } }, { issuer: anyone, match: { azp: b, iss: i } }], subscriptions: [{ api: loose }] } }',
      ['error claims_tenant_missing applications.billing.claims[0].match'],
    ],
    [
      'a set of any issuer, beside an API that asks no claims',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: orders }, { api: keyed }] } }',
      [],
    ],
    [
      'a set without claims',
      `{ billing: { claims: [{ match: {} }], ${orders} } }`,
      ['error out_of_bounds applications.billing.claims[0].match'],
    ],
    [
      'a runtime group there is not',
      '{ billing: { claims: [{ match: { azp: b } }], subscriptions: [{ api: orders, groups: [blue] }] } }',
      ['error wrong_value applications.billing.subscriptions[0].groups[0]'],
    ],
  ])('%s', async (_, applications, expected) => {
    expect([...(await told(applications))].sort()).toEqual([...expected].sort())
  })
})

it('an API that nobody subscribed to says so', async () => {
  const text = `${head}apis:
  orders: { listen: { path: /orders }, ${upstream}, access: { issuers: [acme], identify: { by: [jwtClaims] } } }
`
  const files = { realPath: async (path: string) => path, readBytes: async () => ok(Buffer.from(text)) }
  const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs: Date.now(), files }
  const loaded = await loadConfig('/etc/jotgate/jotgate.yaml', ports)
  const problems = loaded.ok ? loaded.value.warnings : loaded.error
  expect(problems.map(({ code, path }) => `${code} ${path}`)).toContain('no_subscriptions apis.orders.access.identify')
})

describe('problems of how an API asks who is calling', () => {
  const asking = async (api: string): Promise<readonly string[]> => {
    const text = `${head}apis: { orders: { ${upstream}, ${api} } }`
    const files = { realPath: async (path: string) => path, readBytes: async () => ok(Buffer.from(text)) }
    const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs: Date.now(), files }
    const loaded = await loadConfig('/etc/jotgate/jotgate.yaml', ports)
    const problems = loaded.ok ? loaded.value.warnings : loaded.error
    return problems
      .filter(({ code, path }) => path.startsWith('apis') && code !== 'no_subscriptions')
      .map(({ path, severity, code }) => `${severity} ${code} ${path}`)
  }

  it.each<readonly [string, string, readonly string[]]>([
    ['API keys alone', 'access: { identify: { by: [apiKey] } }', []],
    [
      'all that can be said, rightly',
      'access: { issuers: [acme], identify: { by: [jwtClaims, apiKey], connector: and, lookup: open, apiKey: { header: X-Key } } }',
      [],
    ],
    ['nobody may vouch', 'access: {}', ['error issuers_missing apis.orders.access.issuers']],
    [
      'claims without issuers',
      'access: { identify: { by: [jwtClaims, apiKey] } }',
      ['error issuers_missing apis.orders.access.issuers'],
    ],
    [
      'what only a token says, where there is none',
      'access: { identify: { by: [apiKey] }, require: { claims: [sub] }, policy: {}, scopes: { policies: { a: gold } } }, forward: { claims: { X-Sub: sub } }, routes: [{ path: /x, require: { scopes: { all: [a] } } }]',
      [
        'error token_not_asked apis.orders.access.require',
        'error token_not_asked apis.orders.access.scopes',
        'error token_not_asked apis.orders.access.policy',
        'warning policy_without_right apis.orders.access.scopes.policies.a',
        'error token_not_asked apis.orders.forward.claims',
        'error token_not_asked apis.orders.routes[0].require',
      ],
    ],
    ['tokens of applications alone', 'access: { identify: { by: [jwtKey] } }', []],
    [
      'what applications say of themselves, believed',
      'access: { identify: { by: [jwtKey] }, trustSelfAsserted: [tier], require: { claims: [tier] } }',
      ['warning self_asserted_trusted apis.orders.access.trustSelfAsserted'],
    ],
    [
      'believed where no application signs',
      'access: { issuers: [acme], trustSelfAsserted: [tier], identify: { by: [jwtClaims] } }',
      ['error contradiction apis.orders.access.trustSelfAsserted'],
    ],
    [
      'one way twice, and both of one',
      'access: { issuers: [acme], identify: { by: [apiKey, apiKey] } }',
      ['error identify_duplicate apis.orders.access.identify.by'],
    ],
    [
      'both of one, and a place nobody looks at',
      'access: { issuers: [acme], identify: { by: [jwtClaims], connector: and, apiKey: { header: X-Key } } }',
      [
        'error contradiction apis.orders.access.identify.connector',
        'error contradiction apis.orders.access.identify.apiKey',
      ],
    ],
    [
      'nobody, named and listed',
      'access: { identify: { by: [apiKey], allowAnonymous: true } }',
      ['warning anonymous_allowed apis.orders.access.identify.allowAnonymous'],
    ],
    [
      'nobody, where both credentials are asked for',
      'access: { issuers: [acme], identify: { by: [jwtClaims, apiKey], connector: and, allowAnonymous: true } }',
      ['error contradiction apis.orders.access.identify.allowAnonymous'],
    ],
    [
      'a key where the token is',
      'access: { issuers: [acme], token: { header: X-Token }, identify: { by: [apiKey], apiKey: { header: x_token } } }',
      ['error contradiction apis.orders.access.identify.apiKey'],
    ],
    [
      'a key in a header of the protocol',
      'access: { identify: { by: [apiKey], apiKey: { header: Authorization } } }',
      ['error header_reserved apis.orders.access.identify.apiKey'],
    ],
    [
      'a key in a header of the protocol, disguised',
      'access: { identify: { by: [apiKey], apiKey: { header: Content_Type } } }',
      ['error header_reserved apis.orders.access.identify.apiKey'],
    ],
    [
      'a key where tokens are looked for',
      'access: { identify: { by: [apiKey], apiKey: { query: access_token } } }',
      [
        'warning api_key_in_query apis.orders.access.identify.apiKey',
        'error contradiction apis.orders.access.identify.apiKey',
      ],
    ],
    [
      'relaxed without tokens',
      'access: { identify: { by: [apiKey], lookup: relax } }',
      ['error contradiction apis.orders.access.identify.lookup'],
    ],
    [
      'headers of claims, where a token is not needed',
      'access: { issuers: [acme], identify: { by: [jwtClaims, apiKey] } }, forward: { claims: { X-User: sub } }',
      ['warning claims_without_token apis.orders.forward.claims'],
    ],
    [
      'a key in the query',
      'access: { identify: { by: [apiKey], apiKey: { query: api_key } } }',
      ['warning api_key_in_query apis.orders.access.identify.apiKey'],
    ],
    [
      'facts of an application nobody asks for, and a header of the credentials',
      'access: { issuers: [acme] }, forward: { application: { X-App: id, Authorization: name } }',
      [
        'error identify_not_asked apis.orders.forward.application.X-App',
        'error header_reserved apis.orders.forward.application.Authorization',
        'error identify_not_asked apis.orders.forward.application.Authorization',
      ],
    ],
  ])('%s', async (_, api, expected) => {
    expect([...(await asking(api))].sort()).toEqual([...expected].sort())
  })
})
