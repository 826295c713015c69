import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ApiPlan, CorsPlan, IssuerPlan } from '../../compile/plan.ts'
import { err, ok } from '../../domain/result.ts'
import type { LocatedProblem } from './config-source.ts'
import { formatProblem, formatProblems } from './format-problems.ts'
import { type LoadedConfig, loadConfig } from './load-config.ts'
import type { ReferenceFiles } from './reference-files.ts'

const ecPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })
const rsaPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
const privatePem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })

const given: Readonly<Record<string, string>> = {
  '/etc/jotgate/ec.pem': String(ecPem),
  '/etc/jotgate/rsa.pem': String(rsaPem),
  '/etc/jotgate/private.pem': String(privatePem),
}

function memoryFiles(text: string): ReferenceFiles {
  return {
    realPath: async (path) => path,
    readBytes: async (path) => {
      const found = path === '/etc/jotgate/jotgate.yaml' ? text : given[path]
      return found === undefined ? err('missing') : ok(Buffer.from(found))
    },
  }
}

async function load(text: string): ReturnType<typeof loadConfig> {
  return loadConfig('/etc/jotgate/jotgate.yaml', {
    environment: { JOTGATE_SECRET: 'p7Vd2mXq9LkT4wZs8RbN6yHc3FgJ5aEu', JOTGATE_SHORT: 'hush', HOME: '/root' },
    allowEnv: [],
    secretsDir: undefined,
    nowMs: Date.UTC(2026, 5, 1),
    files: memoryFiles(text),
  })
}

/**
 * A document with the problems it must have written into it: `⟦code⟧` stands right before the key or list item the
 * problem points at. Everything else of severity error is one too many.
 */
function marked(text: string): { readonly text: string; readonly expected: readonly string[] } {
  const expected: string[] = []
  const lines = text.split('\n').map((line, index) => {
    let rest = line
    for (let found = /⟦(\w+)⟧/.exec(rest); found !== null; found = /⟦(\w+)⟧/.exec(rest)) {
      expected.push(`${index + 1}:${found.index + 1} ${found[1]}`)
      rest = rest.replace(found[0], '')
    }
    return rest
  })
  return { text: lines.join('\n'), expected: expected.sort() }
}

function placed(problems: readonly LocatedProblem[], severity: LocatedProblem['severity']): readonly string[] {
  return problems
    .filter((problem) => problem.severity === severity)
    .map(({ line, column, code }) => `${line}:${column} ${code}`)
    .sort()
}

async function expectErrors(document: string): Promise<void> {
  const { text, expected } = marked(document)
  expect(expected).not.toEqual([])
  const loaded = await load(text)
  expect(loaded.ok ? [] : placed(loaded.error, 'error')).toEqual(expected)
}

async function expectWarnings(document: string): Promise<void> {
  const { text, expected } = marked(document)
  expect(expected).not.toEqual([])
  const loaded = await load(text)
  expect(loaded.ok ? '' : formatProblems(loaded.error)).toBe('')
  expect(loaded.ok && placed(loaded.value.warnings, 'warning')).toEqual(expected)
}

async function accepted(text: string): Promise<LoadedConfig> {
  const loaded = await load(text)
  if (!loaded.ok) throw new Error(formatProblems(loaded.error))
  return loaded.value
}

/** A document around one issuer entry, which one API names. */
function withIssuer(body: string): string {
  return `version: 1
issuers:
  acme:
${body.replaceAll(/^/gm, '    ')}
apis:
  orders: { upstream: { targets: ["http://10.0.0.1"] }, access: { issuers: [acme], require: { audiences: [a] } } }
`
}

/** A document around one API, with two issuers to name. */
function withApi(body: string): string {
  return `version: 1
issuers:
  one: { issuer: https://one, keys: { discovery: true }, audiences: [a] }
  two: { issuer: "https://two/{t}", tenants: [x], keys: { publicKey: "\${file:ec.pem}" }, audiences: [a] }
apis:
  spare: { listen: { path: /spare }, upstream: { targets: ["http://10.0.0.1"] }, access: { issuers: [one, two] } }
  orders:
${body.replaceAll(/^/gm, '    ')}
`
}

const upstream = 'upstream: { targets: ["http://10.0.0.1"] }'

describe('problems of an issuer', () => {
  it('no issuer', async () => {
    const text = withIssuer('keys: { ⟦discovery_issuer⟧discovery: "https://a/b" }')
    await expectErrors(text.replace('  acme:', '  ⟦issuer_missing⟧acme:'))
  })

  it('neither keys nor introspection', async () => {
    await expectErrors(withIssuer('issuer: https://a').replace('  acme:', '  ⟦keys_missing⟧acme:'))
  })

  it.each([
    ['keys without a source', 'issuer: https://a\n⟦keys_missing⟧keys: {}'],
    [
      'an issuer that must not matter',
      'issuer: https://a\n⟦contradiction⟧requireIssuer: false\nkeys: { publicKey: "${file:ec.pem}" }',
    ],
    ['S3 a pattern without tenants', '⟦tenants_missing⟧issuer: "https://a/{t}"\nkeys: { publicKey: "${file:ec.pem}" }'],
    [
      'S3 a pattern in the host',
      '⟦issuer_pattern⟧issuer: "https://{t}.a/"\nanyTenant: true\nkeys: { publicKey: "${file:ec.pem}" }',
    ],
    [
      'S3 two names',
      '⟦issuer_pattern⟧issuer: "https://a/{t}/{u}"\nanyTenant: true\nkeys: { publicKey: "${file:ec.pem}" }',
    ],
    [
      'S3 part of a segment',
      '⟦issuer_pattern⟧issuer: "https://a/x{t}"\nanyTenant: true\nkeys: { publicKey: "${file:ec.pem}" }',
    ],
    [
      'S3 tenants listed and any',
      'issuer: "https://a/{t}"\ntenants: [x]\n⟦contradiction⟧anyTenant: true\nkeys: { publicKey: "${file:ec.pem}" }',
    ],
    ['tenants without a pattern', 'issuer: https://a\n⟦contradiction⟧tenants: [x]\nkeys: { discovery: true }'],
    ['discovery from a pattern', 'issuer: "https://a/{t}"\ntenants: [x]\nkeys: { ⟦discovery_issuer⟧discovery: true }'],
    ['discovery from what is no URL', 'issuer: accounts.example\nkeys: { ⟦discovery_issuer⟧discovery: true }'],
    ['http discovery', 'issuer: http://127.0.0.1:9\nkeys: { ⟦insecure_http⟧discovery: true }'],
    [
      'an http JWKS, also on loopback',
      'issuer: https://a\nkeys: { jwksUri: [https://a/k, ⟦insecure_http⟧"http://127.0.0.1/k"] }',
    ],
    [
      'a metadata address in another spelling',
      'issuer: https://a\nkeys: { ⟦forbidden_address⟧jwksUri: "https://0xA9FEA9FE/k" }',
    ],
    ['an impossible URL', 'issuer: https://a\nkeys: { ⟦invalid_url⟧jwksUri: "https://a:99999/k" }'],
    [
      'http introspection',
      'issuer: https://a\nintrospection: { ⟦insecure_http⟧endpoint: "http://a", clientId: i, clientSecret: "${env:JOTGATE_SECRET}" }',
    ],
    [
      'a secret beside a public key',
      'issuer: https://a\n⟦keys_mixed⟧keys: { sharedSecret: "${env:JOTGATE_SECRET}", publicKey: "${file:ec.pem}" }',
    ],
    [
      'HMAC and asymmetric algorithms',
      'issuer: https://a\n⟦algorithms_mixed⟧algorithms: [HS256, RS256]\nkeys: { discovery: true }',
    ],
    [
      'HMAC with fetched keys',
      'issuer: https://a\n⟦algorithms_without_key⟧algorithms: [hmac]\nkeys: { discovery: true }',
    ],
    [
      'asymmetric with a secret',
      'issuer: https://a\n⟦algorithms_without_key⟧algorithms: [rsa]\nkeys: { sharedSecret: "${env:JOTGATE_SECRET}" }',
    ],
    [
      'an algorithm no key can carry',
      'issuer: https://a\nalgorithms: [RS256, ⟦algorithms_without_key⟧ES256]\nkeys: { publicKey: "${file:rsa.pem}" }',
    ],
    [
      'a key no algorithm can use',
      'issuer: https://a\nalgorithms: [RS256]\nkeys: { ⟦algorithm_not_allowed⟧publicKey: "${file:ec.pem}" }',
    ],
    ['a private key', 'issuer: https://a\nkeys: { publicKey: [⟦private_key⟧"${file:private.pem}"] }'],
    ['a weak secret', 'issuer: https://a\nkeys: { ⟦secret_too_short⟧sharedSecret: "${env:JOTGATE_SHORT}" }'],
    [
      'any audience beside a list',
      'issuer: https://a\naudiences: [a]\n⟦contradiction⟧anyAudience: true\nkeys: { discovery: true }',
    ],
    [
      'a lifetime without exp',
      'issuer: https://a\nmaxLifetime: 1h\n⟦contradiction⟧requireExp: false\nkeys: { discovery: true }',
    ],
    ['white space around the issuer', '⟦issuer_form⟧issuer: "https://a "\nkeys: { discovery: "https://a/m" }'],
  ])('%s', async (_name, body) => {
    await expectErrors(withIssuer(body))
  })
})

describe('problems between an API and its issuers', () => {
  it('S1 a pair of issuer and API without any audience is refused, pair by pair', async () => {
    await expectErrors(`version: 1
issuers:
  a: { issuer: https://a, keys: { discovery: true } }
  b: { issuer: https://b, keys: { discovery: true }, audiences: [x] }
  c: { issuer: https://c, keys: { discovery: true }, anyAudience: true }
apis:
  one: { listen: { path: /1 }, ${upstream}, access: { issuers: [⟦audience_missing⟧a, b, c] } }
  two: { listen: { path: /2 }, ${upstream}, access: { issuers: [a, b, c], require: { audiences: [y] } } }
`)
  })

  it('S1 an override that drops the audience of its API is refused', async () => {
    await expectErrors(`version: 1
issuers:
  a: { issuer: https://a, keys: { discovery: true } }
apis:
  one:
    ${upstream}
    access: { issuers: [a], require: { audiences: [y] } }
    routes:
      - { path: /x, override: true, ⟦audience_missing⟧require: { scopes: { any: [s] } } }
      - { path: /y, override: true, require: { audiences: [z] } }
`)
  })

  it.each([
    ['the same iss', 'issuer: https://a', 'issuer: https://a'],
    ['a pattern that takes an exact one', 'issuer: "https://a/{t}"\n    anyTenant: true', 'issuer: https://a/x'],
    [
      'patterns that share a tenant',
      'issuer: "https://a/{t}"\n    tenants: [x, y]',
      'issuer: "https://a/{u}"\n    tenants: [y]',
    ],
    [
      'patterns with the name in different places',
      'issuer: "https://a/{t}/b"\n    anyTenant: true',
      'issuer: "https://a/x/{u}"\n    tenants: [b]',
    ],
  ])('S4 two issuers with %s are refused on one API', async (_name, one, two) => {
    const keys = 'keys: { publicKey: "${file:ec.pem}" }\n    audiences: [a]'
    await expectErrors(`version: 1
issuers:
  one:
    ${one}
    ${keys}
  two:
    ${two}
    ${keys}
apis:
  x: { ${upstream}, access: { issuers: [one, ⟦issuer_overlap⟧two] } }
`)
  })

  it('S4 patterns that no iss can satisfy both are accepted', async () => {
    await accepted(`version: 1
issuers:
  one: { issuer: "https://a/{t}/v1", anyTenant: true, keys: { publicKey: "\${file:ec.pem}" }, audiences: [a] }
  two: { issuer: "https://a/{t}/v2", anyTenant: true, keys: { publicKey: "\${file:ec.pem}" }, audiences: [a] }
  three: { issuer: "https://a/{t}", tenants: [x], keys: { publicKey: "\${file:ec.pem}" }, audiences: [a] }
  four: { issuer: "https://a/y", keys: { publicKey: "\${file:ec.pem}" }, audiences: [a] }
apis:
  x: { ${upstream}, access: { issuers: [one, two, three, four] } }
`)
  })

  it('an issuer without iss must be alone', async () => {
    await expectErrors(`version: 1
issuers:
  one: { requireIssuer: false, keys: { publicKey: "\${file:ec.pem}" }, audiences: [a] }
  two: { issuer: https://b, keys: { discovery: true }, audiences: [a] }
apis:
  x: { ${upstream}, access: { issuers: [two, ⟦issuer_not_alone⟧one] } }
`)
  })

  it.each([
    ['an unknown issuer', `${upstream}\naccess: { issuers: [one, ⟦issuer_unknown⟧oen, ⟦issuer_unknown⟧constructor] }`],
    ['an issuer named twice', `${upstream}\naccess: { issuers: [one, ⟦issuer_duplicate⟧one] }`],
    [
      'S11 sub of several issuers without iss',
      `${upstream}\naccess: { issuers: [one, two] }\nforward: { claims: { ⟦sub_without_iss⟧X-User: sub } }`,
    ],
  ])('%s', async (_name, body) => {
    await expectErrors(withApi(body))
  })

  it('S11 sub of a pattern with several tenants needs iss too', async () => {
    const text = withApi(
      `${upstream}\naccess: { issuers: [two] }\nforward: { claims: { ⟦sub_without_iss⟧X-User: sub } }`,
    )
    await expectErrors(text.replace('tenants: [x]', 'anyTenant: true'))
  })
})

describe('problems of an API', () => {
  it.each([
    [
      'a route opened without override',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - { path: /x, ⟦override_required⟧access: public }`,
    ],
    [
      'a route that asks for nothing',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - ⟦route_empty⟧{ path: /x }`,
    ],
    [
      'the same route twice',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - { path: /x, require: { claims: [a] } }\n  - ⟦route_duplicate⟧{ path: /x, methods: [GET], require: { claims: [b] } }`,
    ],
    [
      'a star inside a segment',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - { ⟦route_pattern⟧path: /v1*, require: { claims: [a] } }`,
    ],
    [
      'a route path in another spelling',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - { ⟦path_form⟧path: /%61dmin, require: { claims: [a] } }`,
    ],
    [
      'a route path with dots',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - { ⟦path_form⟧path: /a/../b, require: { claims: [a] } }`,
    ],
    [
      'a route method the API refuses',
      `${upstream}\nmethods: [GET]\naccess: { issuers: [one] }\nroutes:\n  - { path: /x, methods: [GET, ⟦method_unused⟧PUT], require: { claims: [a] } }`,
    ],
    [
      'a public route that requires',
      `${upstream}\naccess: { issuers: [one] }\nroutes:\n  - { path: /x, override: true, access: public, ⟦contradiction⟧require: { claims: [a] } }`,
    ],
    [
      'requirements on a public API',
      `${upstream}\naccess: public\nroutes:\n  - ⟦route_on_public_api⟧{ path: /x, require: { claims: [a] } }`,
    ],
    [
      'claims of a public API',
      `${upstream}\naccess: public\nforward: { claims: { ⟦claim_without_token⟧X-User: sub } }`,
    ],
    [
      'CONNECT and TRACE',
      `${upstream}\nmethods: [GET, ⟦method_refused⟧TRACE, ⟦method_refused⟧CONNECT]\naccess: { issuers: [one] }`,
    ],
    ['two APIs in one place', `⟦api_overlap⟧listen: { path: /spare/ }\n${upstream}\naccess: { issuers: [one] }`],
    ['a star in the listen path', `listen: { ⟦path_form⟧path: /a/* }\n${upstream}\naccess: { issuers: [one] }`],
    ['scopes of neither kind', `${upstream}\naccess: { issuers: [one], require: { ⟦scopes_empty⟧scopes: {} } }`],
    [
      'a scope with a space',
      `${upstream}\naccess: { issuers: [one], require: { scopes: { any: [⟦scope_form⟧"a b"] } } }`,
    ],
    [
      'a rule without a condition',
      `${upstream}\naccess: { issuers: [one], require: { claims: [⟦claim_rule_empty⟧{ path: a }] } }`,
    ],
    [
      'a range upside down',
      `${upstream}\naccess: { issuers: [one], require: { claims: [⟦contradiction⟧{ path: a, min: 2, max: 1 }] } }`,
    ],
    [
      'equals outside oneOf',
      `${upstream}\naccess: { issuers: [one], require: { claims: [⟦contradiction⟧{ path: a, equals: x, oneOf: [y] }] } }`,
    ],
    [
      'a range of a list',
      `${upstream}\naccess: { issuers: [one], require: { claims: [⟦contradiction⟧{ path: a, contains: x, min: 1 }] } }`,
    ],
    [
      'S27 an unverified address as identity',
      `${upstream}\naccess: { issuers: [one], require: { claims: [⟦email_unverified⟧{ path: email, equals: a@b.c }] } }`,
    ],
    [
      'a token in a header that does not pass',
      `${upstream}\naccess: { issuers: [one], token: [{ header: authorization }, { ⟦header_reserved⟧header: Connection }] }`,
    ],
    [
      'a token place twice',
      `${upstream}\naccess: { issuers: [one], token: [{ header: x-token }, ⟦token_place_duplicate⟧{ header: X-Token }] }`,
    ],
    [
      'an origin as no browser sends it',
      `${upstream}\naccess: { issuers: [one], token: { cookie: t, origins: [⟦invalid_origin⟧"https://A.example:443"] } }`,
    ],
    [
      'S11 two claims for one header',
      `${upstream}\naccess: { issuers: [one] }\nforward: { claims: { X-User-Id: azp, ⟦header_duplicate⟧x_user_id: jti } }`,
    ],
    [
      'the header of the token',
      `${upstream}\naccess: { issuers: [one], token: { header: X-Jwt } }\nforward: { claims: { ⟦header_reserved⟧x_jwt: azp } }`,
    ],
    ['an impossible host', `listen: { ⟦host_form⟧host: a..b }\n${upstream}\naccess: { issuers: [one] }`],
  ])('%s', async (_name, body) => {
    await expectErrors(withApi(body))
  })

  it.each([
    ...[
      'Host',
      'Authorization',
      'Cookie',
      'Content-Type',
      'Content-Length',
      'X-Forwarded-For',
      'x_forwarded_for',
      'Jotgate-Decision',
    ],
    ...['Connection', 'Transfer-Encoding', 'Upgrade', 'TE', 'X-Original-URL', 'X-Real-IP', 'Client-Cert', 'Set-Cookie'],
  ])('S11 a claim may not be sent as %s', async (header) => {
    await expectErrors(
      withApi(`${upstream}\naccess: { issuers: [one] }\nforward: { claims: { ⟦header_reserved⟧${header}: azp } }`),
    )
  })

  it.each([
    ...['Jotgate-Decision', 'X-Auth-Request-User', 'Remote-User', 'Client-Cert', 'X-Forwarded-User'],
    ...['X-Forwarded-For', 'x_forwarded_host', 'Forwarded', 'Host', 'Transfer-Encoding', 'Connection', 'Upgrade'],
  ])('S12 a caller may never be allowed to send %s', async (header) => {
    await expectErrors(
      withApi(`${upstream}\naccess: { issuers: [one] }\nforward: { allowHeaders: [⟦header_reserved⟧${header}] }`),
    )
  })

  it('S12 what is not dropped needs no allowance, and none is written twice', async () => {
    const names = '⟦header_passes⟧X-Custom, X-Real-IP, ⟦header_duplicate⟧x_real_ip'
    await expectErrors(withApi(`${upstream}\naccess: { issuers: [one] }\nforward: { allowHeaders: [${names}] }`))
  })

  it.each([
    ['any origin with cookies', '⟦cors_any_credentials⟧origins: ["*"], credentials: true'],
    ['any origin and another', '⟦cors_wildcard⟧origins: ["*", "https://a.example"]'],
    ['an origin with a path', 'origins: [⟦wrong_form⟧"https://a.example/"]'],
    ['null', 'origins: [⟦wrong_form⟧"null"]'],
    ['a pattern', 'origins: [⟦wrong_form⟧"https://*.a.example"]'],
    ['none', '⟦out_of_bounds⟧origins: []'],
    ['an origin with the usual port', 'origins: [⟦invalid_origin⟧"https://a.example:443"]'],
    ['an origin with capitals', 'origins: [⟦invalid_origin⟧"https://A.example"]'],
    ['a method the API does not have', 'origins: ["https://a.example"], methods: [GET, ⟦method_unused⟧LINK]'],
    ['any header and another', 'origins: ["https://a.example"], ⟦cors_wildcard⟧headers: ["*", X-A]'],
    [
      'all answer headers with cookies',
      'origins: ["https://a.example"], credentials: true, ⟦cors_wildcard⟧exposeHeaders: ["*"]',
    ],
  ])('S18 cors: %s', async (_name, cors) => {
    await expectErrors(withApi(`${upstream}\naccess: { issuers: [one] }\ncors: { ${cors} }`))
  })

  it.each([
    ['link-local', 'http://169.254.1.1'],
    ['metadata, as one number', 'http://2852039166'],
    ['metadata inside IPv6', 'http://[::ffff:169.254.169.254]'],
    ['metadata by name', 'http://metadata.google.internal'],
  ])('S14 a target is never %s', async (_name, target) => {
    await expectErrors(withApi(`upstream: { targets: [⟦forbidden_address⟧"${target}"] }\naccess: { issuers: [one] }`))
  })

  it.each([
    'http://127.0.0.1:8080',
    'http://localhost:8080',
    'http://0.0.0.0:8080',
    'http://[::1]:8080',
    'http://localhost:8081',
  ])("S14 the gateway's own address %s is no target", async (target) => {
    await expectErrors(withApi(`upstream: { targets: [⟦upstream_is_gateway⟧"${target}"] }\naccess: { issuers: [one] }`))
  })
})

describe('problems of the gateway section', () => {
  it('networks that are none, and a public URL with a path', async () => {
    await expectErrors(`version: 1
gateway:
  listeners: [{ ⟦public_url⟧publicUrl: "https://api.example.com/base" }]
  trustedProxies: [10.0.0.0/8, ⟦invalid_network⟧10.0.0.0/33, ⟦invalid_network⟧1.2.3]
apis: {}
`)
  })
})

describe('S20 S24 every named loosening is a warning at its place', () => {
  it('of issuers', async () => {
    await expectWarnings(`version: 1
issuers:
  a:
    ⟦issuer_not_required⟧requireIssuer: false
    ⟦any_audience⟧anyAudience: true
    ⟦exp_not_required⟧requireExp: false
    ⟦weak_secret_allowed⟧allowWeakSecret: true
    ⟦sample_key_allowed⟧allowSampleKey: true
    keys: { ⟦secret_too_short⟧sharedSecret: "\${env:JOTGATE_SHORT}" }
  b:
    issuer: "http://b/{t}"
    ⟦any_tenant⟧anyTenant: true
    audiences: [x]
    ⟦id_tokens_accepted⟧accept: idToken
    ⟦insecure_http_allowed⟧allowInsecureHttp: true
    ⟦expired_certificate_allowed⟧allowExpiredCertificate: true
    ⟦small_exponent_allowed⟧allowSmallExponent: true
    ⟦large_rsa_allowed⟧allowLargeRsa: true
    keys: { jwksUri: "http://b/keys" }
  ⟦issuer_unused⟧c: { issuer: https://c, keys: { discovery: true } }
apis:
  x: { listen: { path: /x }, ${upstream}, access: { issuers: [a] } }
  y: { listen: { path: /y }, ${upstream}, access: { issuers: [b] } }
`)
  })

  it('of APIs', async () => {
    await expectWarnings(
      withApi(`listen: { path: /o, ⟦path_form_allowed⟧allow: [parameters] }
${upstream}
access:
  issuers: [one]
  token: [{ ⟦token_in_query⟧query: t }, { ⟦cookie_same_origin⟧cookie: t }]
  require: { claims: [⟦mutable_claim⟧{ path: upn, equals: x }] }
forward: { claims: { ⟦mutable_claim⟧X-Mail: email } }
routes:
  - { path: /open, ⟦route_override⟧override: true, access: public }`),
    )
  })

  it('S12 S18 of what callers may send and pages may read', async () => {
    await expectWarnings(
      withApi(`${upstream}
access: { issuers: [one] }
forward: { allowHeaders: [⟦header_allowed⟧X-HTTP-Method-Override, ⟦header_allowed⟧X-Original-URL, ⟦header_allowed⟧X-Real-IP] }
cors: { origins: [⟦cors_plain_http⟧"http://app.example", "http://localhost:5173", "https://b.example"], credentials: true }`),
    )
    await expectWarnings(withApi(`${upstream}\naccess: { issuers: [one] }\ncors: { ⟦cors_any_origin⟧origins: ["*"] }`))
  })

  it('and so is a gateway that protects nothing', async () => {
    await expectWarnings('version: 1\n⟦no_apis⟧apis: {}\n')
  })
})

describe('a configuration that is accepted', () => {
  it('algorithms default to the asymmetric ones, or HS256 for shared secrets', async () => {
    const issuerOf = async (body: string): Promise<IssuerPlan> => {
      const object = (await accepted(withIssuer(body))).compiled.objects.find(({ kind }) => kind === 'issuer')
      if (object?.kind !== 'issuer') throw new Error('no issuer')
      return object.plan
    }
    const asymmetric = await issuerOf('issuer: https://a\nkeys: { discovery: true }')
    const hmac = await issuerOf('issuer: https://a\nkeys: { sharedSecret: "${env:JOTGATE_SECRET}" }')
    const family = await issuerOf('issuer: https://a\nalgorithms: [ecdsa]\nkeys: { discovery: true }')
    const bits = [asymmetric, hmac, family].map(({ algorithmBits }) => algorithmBits.toString(2).padStart(14, '0'))
    expect(bits).toEqual(['11001001001000', '00000000000001', '00111000000000'])
    expect(hmac.keys).toHaveLength(1)
    expect(asymmetric).toMatchObject({ remoteKeys: true, trust: 'keys', expSkewSeconds: 30, iatSkewSeconds: 60 })
  })

  const apiPlanOf = async (body: string): Promise<ApiPlan> => {
    const object = (await accepted(withApi(body))).compiled.objects.at(-1)
    if (object?.kind !== 'api') throw new Error('no API')
    return object.plan
  }

  it('upstreams are told where a request came from as the gateway says, or as their API does', async () => {
    const body = `${upstream}\naccess: { issuers: [one] }`
    expect((await apiPlanOf(body)).forwarded).toBe('x-forwarded')
    expect((await apiPlanOf(`${body}\nforward: { forwarded: rfc7239 }`)).forwarded).toBe('rfc7239')
    const text = `version: 1\ngateway: { forwarded: none }\napis: { a: { ${upstream}, access: public } }`
    const object = (await accepted(text)).compiled.objects.at(-1)
    expect(object).toMatchObject({ kind: 'api', plan: { forwarded: 'none' } })
  })

  it('S18 pages may use what the API itself takes, unless told otherwise', async () => {
    const corsOf = async (cors: string): Promise<CorsPlan | undefined> => {
      const body = `methods: [GET, PUT]\n${upstream}\naccess: { issuers: [one], token: { header: X-Token } }\n${cors}`
      return (await apiPlanOf(body)).cors
    }
    expect(await corsOf('')).toBeUndefined()
    expect(await corsOf('cors: { origins: ["https://a.example", "capacitor://localhost"] }')).toMatchObject({
      origins: ['https://a.example', 'capacitor://localhost'],
      methods: ['GET', 'PUT'],
      headers: ['x-token', 'content-type'],
      expose: 'WWW-Authenticate, Retry-After, jotgate-decision',
      credentials: false,
      maxAgeSeconds: 600,
    })
    expect(
      await corsOf('cors: { origins: ["*"], methods: [GET], headers: ["*"], exposeHeaders: [X-Page], maxAge: 1h }'),
    ).toMatchObject({
      origins: 'any',
      methods: ['GET'],
      headers: 'any',
      expose: 'WWW-Authenticate, Retry-After, jotgate-decision, X-Page',
      maxAgeSeconds: 3600,
    })
  })

  it('equal documents hash equal; a change touches only its own object', async () => {
    const one = await accepted(withApi(`${upstream}\naccess: { issuers: [one] }`))
    const same = await accepted(`# moved\n${withApi(`access: { issuers: [one] }\n${upstream}`)}`)
    const other = await accepted(withApi(`${upstream}\naccess: { issuers: [one], require: { claims: [tenant] } }`))
    const hashes = ({ compiled }: LoadedConfig) => compiled.objects.map(({ hash }) => hash)
    expect(hashes(same)).toEqual(hashes(one))
    expect(hashes(other).map((hash, index) => hash === hashes(one)[index])).toEqual([true, true, true, true, false])
  })

  it('JSON says the same as YAML', async () => {
    const text = '{"version": 1, "apis": {"a": {"upstream": {"targets": ["unix:/run/a.sock"]}, "access": "public"}}}'
    const yaml = await accepted(text)
    const loaded = await loadConfig('/x/a.json', {
      environment: {},
      allowEnv: [],
      secretsDir: undefined,
      nowMs: 0,
      files: { realPath: async (path) => path, readBytes: async () => ok(Buffer.from(text)) },
    })
    expect(loaded.ok && loaded.value.compiled).toEqual(yaml.compiled)
  })
})

describe('all problems at once', () => {
  it('a failed reference hides neither schema problems nor those of compiling', async () => {
    await expectErrors(`version: 1
issuers:
  a: { issuer: https://a, audiences: [x], keys: { ⟦reference_missing⟧publicKey: "\${file:none.pem}" } }
apis:
  x: { ${upstream}, access: { issuers: [a, ⟦issuer_unknown⟧b] } }
`)
    await expectErrors(`version: 1
⟦unknown_key⟧isuers: {}
issuers:
  a: { issuer: https://a, keys: { ⟦secret_in_clear⟧sharedSecret: abc, ⟦wrong_form⟧jwksUri: ftp://x } }
apis: {}
`)
  })

  it('what the schema refuses does not hide what is wrong elsewhere, nor make it look wrong', async () => {
    await expectErrors(`version: 1
gateway: { admin: { ⟦out_of_bounds⟧port: 70000 } }
issuers:
  a: { issuer: https://a, keys: { publicKey: "\${file:ec.pem}" } }
  b: { issuer: https://b, audiences: [x], keys: { publicKey: "\${file:ec.pem}" }, ⟦unknown_key⟧audience: x }
apis:
  x: { ${upstream}, access: { issuers: [⟦audience_missing⟧a, ⟦issuer_unknown⟧c] } }
  y: { upstream: { targets: ["http://127.0.0.1:8080"] }, listen: { path: /y }, access: { issuers: [b] } }
  z: { upstream: { ⟦out_of_bounds⟧targets: [] }, listen: { path: /z }, access: public }
`)
  })

  it('a secret never shows in a problem', async () => {
    const loaded = await load(`version: 1
issuers:
  canary: { issuer: [canary-1], keys: { sharedSecret: canary-2, publicKey: "canary-3", discovery: canary-4 }, algorithms: [canary-5] }
apis: { x: canary-6 }
`)
    expect(loaded.ok).toBe(false)
    if (!loaded.ok) expect(formatProblems(loaded.error)).not.toMatch(/canary-/)
  })
})

describe('S21 files that are not there, or still being written', () => {
  const ports = { environment: {}, allowEnv: [], secretsDir: undefined, nowMs: 0 }

  it('a missing file is a problem with the name given', async () => {
    const loaded = await loadConfig('/nowhere/j.yaml', ports)
    expect(loaded.ok ? [] : loaded.error.map(formatProblem)).toEqual([
      '/nowhere/j.yaml file_missing there is no such file',
    ])
  })

  it('a file that grows is read again until it rests', async () => {
    const whole = 'version: 1\napis: {}\n'
    let reads = 0
    const files: ReferenceFiles = {
      realPath: async (path) => path,
      readBytes: async () => ok(Buffer.from(whole.slice(0, 11 + 3 * reads++))),
    }
    const loaded = await loadConfig('/x/j.yaml', { ...ports, files, settle: async () => undefined })
    expect(loaded.ok).toBe(true)
    expect(reads).toBeGreaterThan(3)
  })

  it('a file that never rests is refused', async () => {
    let reads = 0
    const files: ReferenceFiles = {
      realPath: async (path) => path,
      readBytes: async () => ok(Buffer.from(`version: 1 # ${reads++}`)),
    }
    const loaded = await loadConfig('/x/j.yaml', { ...ports, files, settle: async () => undefined })
    expect(loaded.ok ? [] : loaded.error.map(({ code }) => code)).toEqual(['file_changing'])
  })

  it('follows the links Kubernetes makes, and names every file to watch, missing ones too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jotgate-'))
    const text = `version: 1
issuers:
  a: { issuer: https://a, audiences: [x], keys: { publicKey: ["\${file:ec.pem}", "\${file:later.pem}"] } }
apis: { x: { ${upstream}, access: { issuers: [a] } } }
`
    writeFileSync(join(folder, '..real.yaml'), text)
    writeFileSync(join(folder, '..ec.pem'), ecPem)
    symlinkSync('..real.yaml', join(folder, 'jotgate.yaml'))
    symlinkSync('..ec.pem', join(folder, 'ec.pem'))
    let watched: readonly string[] = []
    const load = () =>
      loadConfig(join(folder, 'jotgate.yaml'), {
        ...ports,
        onFiles: (files) => {
          watched = files
        },
      })
    const first = await load()
    expect(first.ok ? [] : first.error.map(({ code }) => code)).toEqual(['reference_missing'])
    expect(watched).toEqual(['jotgate.yaml', 'ec.pem', 'later.pem'].map((name) => join(folder, name)))
    writeFileSync(join(folder, 'later.pem'), rsaPem)
    const second = await load()
    expect(second.ok && second.value.files).toEqual(watched)
  })
})

describe('problems as lines', () => {
  it('file:line:column code message (hint), free of control and bidi characters', async () => {
    const loaded = await load('version: 1\napis: {}\n"a\\u001b[31m\\u202e": 1\n')
    const lines = loaded.ok ? [] : loaded.error.map(formatProblem)
    expect(lines).toEqual([
      '/etc/jotgate/jotgate.yaml:3:1 unknown_key the document has no key `a\\u{1b}[31m\\u{202e}` (known are $schema, version, gateway, issuers, policies, applications, apis)',
    ])
  })
})
