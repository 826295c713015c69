import { describe, expect, it } from 'vitest'
import { growthOf } from '../../test/support/count-steps.ts'
import { decodeBase64url } from './base64url.ts'
import { checkClaimRule } from './check-claim-rule.ts'
import { readClaimFacts } from './claim-facts.ts'
import type { ClaimRule } from './claim-rule.ts'
import type { Claims } from './claims.ts'
import { hashHeaderName } from './header-name.ts'
import { matchIssuer } from './match-issuer.ts'
import { parseCompactJws } from './parse-compact-jws.ts'
import { parseJsonObject } from './parse-json-object.ts'
import { readClaim, toClaimPath } from './read-claim.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const header = encode('{"alg":"ES256"}')
const signature = 'A'.repeat(86)
const token = (payload: string): string => `${header}.${encode(payload)}.${signature}`
const wide = { depthMax: 1e6, membersMax: 1e6 }
const any: ClaimRule = {
  ...{ path: toClaimPath('a'), rule: 'r' },
  ...{ equals: undefined, oneOf: undefined, contains: undefined, any: undefined, all: undefined },
  ...{ min: undefined, max: undefined },
}
const rule = (more: Partial<ClaimRule>, claims: Claims) => () => void checkClaimRule(claims, { ...any, ...more })
const words = (n: number): string => 'ab '.repeat(n)
const nested = (n: number): Claims => {
  let claims: Claims = {}
  for (let level = 0; level < n; level++) claims = { a: claims }
  return claims
}

/** Each makes its input outside of what is counted, and is given back as what is. */
const parsers: readonly (readonly [name: string, make: (n: number) => () => void])[] = [
  ...(
    [
      ['text', (n) => 'QUJD'.repeat(n)],
      ['text that ends badly', (n) => `${'QUJD'.repeat(n)}=`],
      ['no text of it', (n) => '!'.repeat(n)],
    ] as readonly (readonly [string, (n: number) => string])[]
  ).map(([name, text]) => shape(`base64url: ${name}`, text, decodeBase64url)),
  ...(
    [
      ['a long claim', (n) => token(`{"a":"${'x'.repeat(n)}"}`)],
      ['a long list', (n) => token(`{"a":[${'1,'.repeat(n)}1]}`)],
      ['a long audience', (n) => token(`{"aud":[${'"a",'.repeat(n)}"a"]}`)],
      ['many members', (n) => token(`{${Array.from({ length: n }, (_, at) => `"m${at}":1`).join()}}`)],
      ['deep lists', (n) => token(`{"a":${'['.repeat(n)}${']'.repeat(n)}}`)],
      ['a long subject', (n) => token(`{"sub":"${'é'.repeat(n)}"}`)],
      ['escapes', (n) => token(`{"a":"${'\\\\'.repeat(n)}"}`)],
      ['a long header', (n) => `${encode(`{"alg":"ES256","x":"${'y'.repeat(n)}"}`)}.e30.${signature}`],
      ['a long kid', (n) => `${encode(`{"alg":"ES256","kid":"${'y'.repeat(n)}"}`)}.e30.${signature}`],
      ['a long alg', (n) => `${encode(`{"alg":"${'y'.repeat(n)}"}`)}.e30.${signature}`],
      ['a long signature', (n) => `${header}.e30.${'A'.repeat(n)}`],
      ['nothing but dots', (n) => '.'.repeat(n)],
      ['no dot', (n) => 'a'.repeat(n)],
      ['a token encoded twice', (n) => encode(`eyJ${'a'.repeat(n)}.b.c`)],
      ['what is no base64url', (n) => `${header}.${'!'.repeat(n)}.${signature}`],
    ] as readonly (readonly [string, (n: number) => string])[]
  ).map(([name, text]) => shape(`compact JWS: ${name}`, text, (compact) => parseCompactJws(compact, 1e9))),
  shape(
    'JSON: an object',
    (n) => `{"a":[${'{"b":"\\u0041"},'.repeat(n)}1]}`,
    (text) => parseJsonObject(Buffer.from(text), wide),
  ),
  [
    'claim: a deep path',
    (n) => {
      const [claims, path] = [nested(n), toClaimPath(Array(n).fill('a').join('.'))]
      return () => readClaim(claims, path)
    },
  ],
  ['claim rule: a word in many', (n) => rule({ contains: 'b' }, { a: words(n) })],
  ['claim rule: a word in one long one', (n) => rule({ contains: 'aa' }, { a: 'a'.repeat(n) })],
  ['claim rule: a word that begins many', (n) => rule({ contains: 'a' }, { a: words(n) })],
  ['claim rule: an entry in many', (n) => rule({ contains: 'x' }, { a: Array(n).fill('y') })],
  ['claim rule: any of some in many', (n) => rule({ any: ['x', 'y', 'z'] }, { a: words(n) })],
  ['claim rule: all of some in many', (n) => rule({ all: ['y', 'x'] }, { a: [...Array(n).fill('x'), 'y'] })],
  ['claim rule: one of many', (n) => rule({ oneOf: Array(n).fill('x') }, { a: 'y' })],
  [
    'claim facts: many audiences',
    (n) => {
      const claims = { aud: Array(n).fill('a') }
      return () => readClaimFacts(claims)
    },
  ],
  shape(
    'issuer pattern',
    (n) => `https://a.example/${'t'.repeat(n)}`,
    (iss) =>
      matchIssuer(
        { kind: 'pattern', prefix: 'https://a.example/', suffix: '', tenants: undefined, tenantClaim: any.path },
        iss,
      ),
  ),
  shape('header name', (n) => 'x-'.repeat(n), hashHeaderName),
]

function shape(name: string, text: (n: number) => string, parse: (text: string) => unknown) {
  return [
    name,
    (n: number) => {
      const given = text(n)
      return () => void parse(given)
    },
  ] as const
}

describe('work at twice the input is at most twice the work', () => {
  it.each(parsers)('%s', (_name, make) => {
    const { factor } = growthOf(make, 5000)
    expect(factor).toBeLessThan(2.2)
  })

  it('of what is counted, a square shows', () => {
    const square = (n: number) => () => {
      const text = 'a;'.repeat(n)
      for (let at = 0; at < text.length; at += 2) text.indexOf('=', at)
    }
    expect(growthOf(square, 500).factor).toBeGreaterThan(3.5)
  })
})
