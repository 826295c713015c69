import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../test/fixtures/compiled-plans.ts'
import { compileIssuerPattern } from './compile-issuer-pattern.ts'
import type { IssuerMatch } from './issuer-match.ts'
import { checkTenant, matchIssuer } from './match-issuer.ts'
import { toClaimPath } from './read-claim.ts'

const tenantClaim = toClaimPath('tid')

function patternOf(text: string, tenants?: readonly string[]): IssuerMatch {
  const ends = compileIssuerPattern(text)
  if (!ends.ok) throw new Error(ends.error)
  return { kind: 'pattern', ...ends.value, tenants, tenantClaim }
}

const anyTenant = patternOf('https://login.example/{tenantid}/v2.0')
const listed = patternOf('https://login.example/{tenantid}/v2.0', ['t1', 't2'])

describe('S3 matchIssuer', () => {
  it('an exact issuer is compared byte for byte', () => {
    const exact: IssuerMatch = { kind: 'exact', iss: 'https://idp.example' }
    expect(matchIssuer(exact, 'https://idp.example')).toBe(true)
    for (const other of ['https://idp.example/', 'HTTPS://idp.example', 'https://idp.example.evil', '', undefined]) {
      expect(matchIssuer(exact, other)).toBe(false)
    }
  })

  it('an entry that does not look at iss takes any, also none', () => {
    expect(matchIssuer({ kind: 'any' }, undefined)).toBe(true)
    expect(matchIssuer({ kind: 'any' }, 'x')).toBe(true)
  })

  it('a pattern with a list takes the listed values and no other', () => {
    expect(matchIssuer(listed, 'https://login.example/t1/v2.0')).toBe(true)
    expect(matchIssuer(listed, 'https://login.example/t3/v2.0')).toBe(false)
    expect(matchIssuer(listed, undefined)).toBe(false)
  })

  it.each(['t1', 'A.b_c-9', 'x'.repeat(128), '...', '.a'])('the segment may be %s', (tenant) => {
    expect(matchIssuer(anyTenant, `https://login.example/${tenant}/v2.0`)).toBe(true)
  })

  it.each([
    '',
    '.',
    '..',
    'a/b',
    'a%2fb',
    'a b',
    'a\n',
    'é',
    'a?b',
    'a#b',
    'a@b',
    '[',
    '`',
    '{tenantid}',
    '\0',
    'x'.repeat(129),
  ])('the segment may not be %j', (tenant) => {
    expect(matchIssuer(anyTenant, `https://login.example/${tenant}/v2.0`)).toBe(false)
  })

  it('prefix and suffix may not share characters', () => {
    const overlapping = patternOf('https://login.example/a/{t}/a')
    expect(matchIssuer(overlapping, 'https://login.example/a/a')).toBe(false)
  })

  it('a pattern that ends in its segment takes nothing after it', () => {
    const open = patternOf('https://login.example/{t}')
    expect(matchIssuer(open, 'https://login.example/t1')).toBe(true)
    expect(matchIssuer(open, 'https://login.example/t1/')).toBe(false)
  })
})

describe('S3 checkTenant', () => {
  const iss = 'https://login.example/t1/v2.0'

  it.each<[string, object, string | undefined, boolean]>([
    ['nothing else names a tenant', {}, undefined, true],
    ['the tenant claim agrees', { tid: 't1' }, undefined, true],
    ['the tenant claim differs', { tid: 't2' }, undefined, false],
    ['the tenant claim is no text', { tid: ['t1'] }, undefined, false],
    ['the tenant claim is null', { tid: null }, undefined, false],
    ["the key's issuer agrees", {}, iss, true],
    ["the key's issuer is another tenant", {}, 'https://login.example/t2/v2.0', false],
    ["the key's issuer is a template of this issuer", {}, 'https://login.example/{tenantid}/v2.0', true],
    ["the key's issuer is a template of another", {}, 'https://other.example/{tenantid}/v2.0', false],
    ["the key's issuer is empty", {}, '', false],
  ])('%s', (_name, claims, keyIssuer, agrees) => {
    expect(checkTenant(anyTenant, iss, claimsOf(claims), keyIssuer)).toBe(agrees)
  })

  it('a token without iss belongs to no tenant', () => {
    expect(checkTenant(anyTenant, undefined, claimsOf({ tid: 't1' }), undefined)).toBe(false)
  })

  it('an issuer without a pattern has no tenant to disagree about', () => {
    expect(checkTenant({ kind: 'exact', iss }, iss, claimsOf({ tid: 'x' }), 'https://other.example')).toBe(true)
  })
})

describe('S3 compileIssuerPattern', () => {
  it('splits the pattern at its one name', () => {
    expect(compileIssuerPattern('https://login.example/{tenantid}/v2.0')).toEqual({
      ok: true,
      value: { prefix: 'https://login.example/', suffix: '/v2.0' },
    })
  })

  it.each([
    ['https://{tenant}.login.example/v2.0', 'in_authority'],
    ['https://{tenant}/v2.0', 'in_authority'],
    ['https://login.example:{port}', 'in_authority'],
    ['{scheme}://login.example/a', 'not_a_url'],
    ['login.example/{tenant}', 'not_a_url'],
    ['https:///{tenant}', 'not_a_url'],
    ['https://login.example/{tenant}?x=1', 'not_a_url'],
    ['https://login.example/{tenant}#x', 'not_a_url'],
    ['https://login.example/{a}/{b}', 'not_one_name'],
    ['https://login.example/{{a}}', 'not_one_name'],
    ['https://login.example/}a{', 'not_one_name'],
    ['https://login.example/{a', 'not_one_name'],
    ['https://login.example/plain', 'not_one_name'],
    ['https://login.example/{}', 'bad_name'],
    ['https://login.example/{a/b}', 'bad_name'],
    ['https://login.example/x{tenant}', 'not_a_whole_segment'],
    ['https://login.example/{tenant}x', 'not_a_whole_segment'],
  ])('%s is refused as %s', (text, fault) => {
    expect(compileIssuerPattern(text)).toEqual({ ok: false, error: fault })
  })
})
