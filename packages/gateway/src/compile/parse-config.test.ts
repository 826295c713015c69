import type { ConfigProblem } from '@jotgate/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse-config.ts'

function problems(document: unknown): readonly string[] {
  const parsed = parseConfig(document)
  return parsed.ok ? [] : parsed.error.map((problem) => words(problem))
}

function words({ path, code, message, hint }: ConfigProblem): string {
  return `${path} ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}

const upstream = { targets: ['http://a'] }

/** A document whose one API has this `access`. */
function withAccess(access: unknown): unknown {
  return { version: 1, apis: { a: { upstream, access } } }
}

describe('the schema speaks to operators', () => {
  it.each([
    ['a document that is none', 5, [' wrong_type: the document must be a map']],
    ['no version, no apis', {}, [' missing', ' missing']],
    ['a version of the future', { version: 2, apis: {} }, ['version wrong_value: `version` must be `1`']],
    [
      'a slip of the pen',
      { version: 1, apis: {}, isuers: {} },
      ['isuers unknown_key: the document has no key `isuers` (did you mean `issuers`?)'],
    ],
    [
      'another spelling',
      { version: 1, apis: {}, gateway: { 'trusted-proxies': [] } },
      ['gateway.trusted-proxies unknown_key: `gateway` has no key `trusted-proxies` (did you mean `trustedProxies`?)'],
    ],
    [
      'a key far from any',
      { version: 1, apis: {}, gateway: { metrics: { zzz: 1 } } },
      ['gateway.metrics.zzz unknown_key: `metrics` has no key `zzz` (known are public)'],
    ],
    [
      'a key without a value',
      { version: 1, apis: null },
      ['apis wrong_type: `apis` must be a map (nothing is written after the key)'],
    ],
    [
      'a duration without a unit',
      { version: 1, apis: {}, issuers: { a: { maxLifetime: 5 } } },
      [
        'issuers.a.maxLifetime wrong_type: `maxLifetime`: a duration is a whole number and a unit: 250ms, 30s, 5m, 1h, 30d',
      ],
    ],
    [
      'a duration out of bounds',
      { version: 1, apis: {}, issuers: { a: { clockSkew: { exp: '1h' } } } },
      ['issuers.a.clockSkew.exp out_of_bounds: `exp` must be 0s to 300s'],
    ],
    [
      'a port out of bounds',
      { version: 1, apis: {}, gateway: { admin: { port: 70000 } } },
      ['gateway.admin.port out_of_bounds: `port` must be at most 65535'],
    ],
    [
      'an id in capitals',
      { version: 1, apis: {}, issuers: { Acme: {} } },
      ['issuers.Acme wrong_name: `Acme`: an id is 1 to 64 of a-z, 0-9 and -, starting with a letter or digit'],
    ],
    [
      'an empty list, and one that is too long',
      {
        version: 1,
        apis: { a: { upstream: { targets: [] }, access: 'public' } },
        gateway: { listeners: Array.from({ length: 9 }, () => ({})) },
      },
      [
        'gateway.listeners out_of_bounds: `listeners` must have at most 8 items',
        'apis.a.upstream.targets out_of_bounds: `targets` must not be empty',
      ],
    ],
    [
      'one where a list belongs',
      { version: 1, apis: {}, issuers: { a: { audiences: 'x' } } },
      ['issuers.a.audiences wrong_type: `audiences` must be a list (a list of one is written `[…]`)'],
    ],
    [
      'a number where text belongs',
      { version: 1, apis: {}, issuers: { a: { issuer: 5 } } },
      ['issuers.a.issuer wrong_type: `issuer` must be text (put it in quotes)'],
    ],
  ])('%s', (_name, document, expected) => {
    const found = problems(document)
    expect(found).toHaveLength(expected.length)
    for (const [index, start] of expected.entries()) expect(found[index]).toContain(start)
  })

  it.each([
    [
      'access: a misspelt word',
      'publik',
      ['apis.a.access wrong_value: `access` must be `public` or a map (did you mean `public`?)'],
    ],
    ['access: neither', 5, ['apis.a.access wrong_type: `access` must be `public` or a map']],
    ['access: left out', undefined, ['apis.a.access missing: `access` is required']],
    [
      'a token place with a slip',
      { issuers: ['i'], token: { header: 'x', schme: 'y' } },
      ['apis.a.access.token.schme unknown_key: `token` has no key `schme` (did you mean `scheme`?)'],
    ],
    [
      'a cookie with a slip, in a list',
      { issuers: ['i'], token: [{ cookie: 't', origin: [] }] },
      ['apis.a.access.token[0].origin unknown_key: `token[0]` has no key `origin` (did you mean `origins`?)'],
    ],
    [
      'a claim rule with a slip',
      { issuers: ['i'], require: { claims: [{ path: 'a', equal: 1 }] } },
      ['apis.a.access.require.claims[0].equal unknown_key: `claims[0]` has no key `equal` (did you mean `equals`?)'],
    ],
    [
      'a claim that is a number',
      { issuers: ['i'], require: { claims: [5] } },
      ['apis.a.access.require.claims[0] wrong_type: `claims[0]` must be text or a map'],
    ],
  ])('unions name the form that was meant: %s', (_name, access, expected) => {
    expect(problems(withAccess(access))).toEqual(expected)
  })

  it('`__proto__` is an unknown key everywhere, never skipped', () => {
    for (const text of ['{"version":1,"apis":{"__proto__":{}}}', '{"version":1,"apis":{},"__proto__":1}']) {
      expect(problems(JSON.parse(text)).join()).toContain('unknown_key')
    }
    expect(
      problems(JSON.parse('{"version":1,"issuers":{"a":{"keys":{"jwks":{"keys":[{"__proto__":{}}]}}}},"apis":{}}')),
    ).toHaveLength(1)
  })
})

describe('a document is a value like any other', () => {
  it('whatever it is, parsing neither throws nor says "Invalid input" nor repeats a value', () => {
    const leaf = fc.constantFrom<unknown>('canary', 7, true, null, 'public', '30s', ['canary'], { canaryKey: 1 })
    const key = fc.constantFrom(
      'version',
      'gateway',
      'issuers',
      'apis',
      'a',
      'keys',
      'publicKey',
      'access',
      'token',
      'upstream',
      'targets',
      'require',
      'claims',
      'routes',
      'path',
      'algorithms',
      'jwks',
      'listen',
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6, withCrossShrink: true },
        leaf,
        fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }))
    fc.assert(
      fc.property(tree, fc.anything(), (document, anything) => {
        const found = [
          ...problems(document),
          ...problems({ version: 1, apis: { a: document }, issuers: { a: document } }),
        ]
        problems(anything)
        for (const line of found) {
          expect(line).not.toContain('Invalid')
          expect(line.replaceAll('canaryKey', '')).not.toContain('canary')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
