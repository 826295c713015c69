import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf, issuerOf, nothing, tokenOf } from '../../../test/fixtures/compiled-plans.ts'
import type { IssuerPlan, RequirePlan } from '../../compile/plan.ts'
import { toClaimPath } from '../../domain/read-claim.ts'
import type { Reject } from '../../domain/reject.ts'
import { checkClaims, isClearlyExpired } from './check-claims.ts'

const now = 1_800_000_000
const good = { iss: 'https://idp.example', sub: 'alice', aud: 'orders', exp: now + 60, iat: now }

interface Given {
  readonly plan?: Partial<IssuerPlan>
  readonly require?: Partial<RequirePlan>
  readonly keyIssuer?: string
  readonly nowMs?: number
}

function refusal(claims: object, given: Given = {}): Reject | undefined {
  const token = tokenOf({ ...good, ...claims })
  const require = { ...nothing, ...given.require }
  const checked = checkClaims(
    token.claims,
    token,
    issuerOf(given.plan),
    require,
    given.keyIssuer,
    given.nowMs ?? now * 1000,
  )
  return checked.ok ? undefined : checked.error
}

function verdict(claims: object, given: Given = {}): string {
  return refusal(claims, given)?.reason ?? 'passed'
}

const noSkew = { iatSkewSeconds: 0, nbfSkewSeconds: 0, expSkewSeconds: 0 }

describe('checkClaims: times', () => {
  it.each<[string, object, Given, string]>([
    ['a token good for a minute', {}, {}, 'passed'],
    ['the last millisecond before exp', { exp: now + 1 }, { plan: noSkew, nowMs: now * 1000 + 999 }, 'passed'],
    ['exp itself', { exp: now }, { plan: noSkew }, 'token_expired'],
    ['the last millisecond of the skew', { exp: now - 30 }, { nowMs: now * 1000 - 1 }, 'passed'],
    ['the end of the skew', { exp: now - 30 }, {}, 'token_expired'],
    ['an exp before 1970', { exp: -5 }, {}, 'token_expired'],
    ['an exp with a fraction', { exp: now + 0.5 }, { plan: noSkew, nowMs: now * 1000 + 499 }, 'passed'],
    ['the end of that fraction', { exp: now + 0.5 }, { plan: noSkew, nowMs: now * 1000 + 500 }, 'token_expired'],
    ['nbf itself', { nbf: now }, { plan: noSkew }, 'passed'],
    ['the millisecond before nbf', { nbf: now }, { plan: noSkew, nowMs: now * 1000 - 1 }, 'token_not_yet_valid'],
    ['nbf at the end of its skew', { nbf: now + 30 }, {}, 'passed'],
    ['nbf beyond its skew', { nbf: now + 31 }, {}, 'token_not_yet_valid'],
    ['iat itself', { iat: now }, { plan: noSkew }, 'passed'],
    ['the millisecond before iat', { iat: now }, { plan: noSkew, nowMs: now * 1000 - 1 }, 'token_issued_in_future'],
    ['iat at the end of its skew', { iat: now + 60 }, {}, 'passed'],
    ['iat beyond its skew', { iat: now + 61 }, {}, 'token_issued_in_future'],
    ['a lifetime as long as permitted', { exp: now + 300 }, { plan: { maxLifetimeSeconds: 300 } }, 'passed'],
    ['a longer one', { exp: now + 301 }, { plan: { maxLifetimeSeconds: 300 } }, 'lifetime_too_long'],
    ['no iat where lifetime counts', { iat: undefined }, { plan: { maxLifetimeSeconds: 300 } }, 'claim_missing'],
    ['no exp', { exp: undefined }, {}, 'claim_missing'],
    ['no exp where none is required', { exp: undefined }, { plan: { requireExp: false } }, 'passed'],
    [
      'no exp where lifetime counts',
      { exp: undefined },
      { plan: { requireExp: false, maxLifetimeSeconds: 300 } },
      'claim_missing',
    ],
  ])('%s', (_name, claims, given, expected) => {
    expect(verdict(claims, given)).toBe(expected)
  })

  it('each skew belongs to its own claim', () => {
    const plan = { iatSkewSeconds: 1, nbfSkewSeconds: 2, expSkewSeconds: 3 }
    expect(refusal({ exp: now - 3 }, { plan })).toEqual({
      reason: 'token_expired',
      expSeconds: now - 3,
      nowSeconds: now,
      skewSeconds: 3,
      signatureChecked: true,
      rule: 'issuers.main.clockSkew.exp',
    })
    expect(refusal({ nbf: now + 3 }, { plan })).toEqual({
      reason: 'token_not_yet_valid',
      nbfSeconds: now + 3,
      nowSeconds: now,
      skewSeconds: 2,
      rule: 'issuers.main.clockSkew.nbf',
    })
    expect(refusal({ iat: now + 3 }, { plan })).toEqual({
      reason: 'token_issued_in_future',
      iatSeconds: now + 3,
      nowSeconds: now,
      skewSeconds: 1,
      rule: 'issuers.main.clockSkew.iat',
    })
  })

  it('a token is accepted exactly between nbf and exp, at any time and with any skews', () => {
    const seconds = fc.integer({ min: 0, max: 100 })
    fc.assert(
      fc.property(seconds, seconds, seconds, seconds, fc.nat(100_000), (nbf, exp, nbfSkew, expSkew, nowMs) => {
        const plan = { nbfSkewSeconds: nbfSkew, expSkewSeconds: expSkew }
        const accepted = verdict({ iat: undefined, nbf, exp }, { plan, nowMs }) === 'passed'
        expect(accepted).toBe(nowMs < (exp + expSkew) * 1000 && nowMs + nbfSkew * 1000 >= nbf * 1000)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('S8 isClearlyExpired', () => {
  const issuer = issuerOf()
  it('an unverified exp beyond its skew refuses before any crypto, and says so', () => {
    expect(isClearlyExpired(tokenOf({ exp: now - 30 }), issuer, now * 1000)).toMatchObject({
      reason: 'token_expired',
      signatureChecked: false,
    })
  })

  it('agrees with the check after the signature to the millisecond', () => {
    for (const nowMs of [now * 1000 - 1, now * 1000, now * 1000 + 1]) {
      const early = isClearlyExpired(tokenOf({ ...good, exp: now - 30 }), issuer, nowMs) !== undefined
      expect(early).toBe(verdict({ exp: now - 30 }, { nowMs }) === 'token_expired')
    }
  })

  it('says nothing about a token without exp', () => {
    expect(isClearlyExpired(tokenOf({}), issuerOf({ requireExp: false }), now * 1000)).toBeUndefined()
    expect(isClearlyExpired(tokenOf({}), issuer, now * 1000)).toBeUndefined()
  })
})

describe('S1 checkClaims: audiences', () => {
  const require = { audiences: [{ oneOf: ['eu', 'us'], rule: 'apis.orders.access.require.audiences' }] }
  it.each<[unknown, Given, string]>([
    ['orders', {}, 'passed'],
    [['billing', 'orders'], {}, 'passed'],
    ['billing', {}, 'audience_mismatch'],
    ['Orders', {}, 'audience_mismatch'],
    ['orders billing', {}, 'audience_mismatch'],
    [[], {}, 'audience_mismatch'],
    [undefined, {}, 'audience_mismatch'],
    ['anything', { plan: { audiences: undefined } }, 'passed'],
    [undefined, { plan: { audiences: undefined } }, 'passed'],
    [['orders', 'us'], { require }, 'passed'],
    ['orders', { require }, 'audience_mismatch'],
    ['us', { require }, 'audience_mismatch'],
    ['us', { require, plan: { audiences: undefined } }, 'passed'],
    [undefined, { require, plan: { audiences: undefined } }, 'audience_mismatch'],
  ])('aud %j under %j: %s', (aud, given, expected) => {
    expect(verdict({ aud }, given)).toBe(expected)
  })

  it('the line that asked is named: the issuer or the requirement', () => {
    expect(refusal({ aud: 'us' }, { require })).toMatchObject({ rule: 'issuers.main.audiences', wanted: ['orders'] })
    expect(refusal({}, { require })).toMatchObject({ rule: 'apis.orders.access.require.audiences' })
  })
})

describe('S10 checkClaims: identities', () => {
  it.each(['sub', 'client_id', 'azp', 'iss', 'jti'])('%s is refused when it is unfit to name somebody', (claim) => {
    const plan: Partial<IssuerPlan> = { match: { kind: 'any' } }
    for (const [value, fault] of [
      ['alice\nrole: admin', 'control_character'],
      ['alice\ud800', 'lone_surrogate'],
      ['x'.repeat(513), 'too_long'],
    ] as const) {
      expect(refusal({ [claim]: value }, { plan })).toEqual({ reason: 'claim_invalid', claim, fault })
    }
  })

  it.each(['client_id', 'azp'])('%s must be text', (claim) => {
    for (const value of [1, null, ['a'], {}]) expect(verdict({ [claim]: value })).toBe('claim_invalid')
  })
})

describe('S3 checkClaims: tenants', () => {
  const plan: Partial<IssuerPlan> = {
    match: {
      kind: 'pattern',
      prefix: 'https://login.example/',
      suffix: '/v2.0',
      tenants: undefined,
      tenantClaim: toClaimPath('tid'),
    },
  }
  const iss = 'https://login.example/t1/v2.0'

  it('the tenant of iss, of the claim and of the key are one', () => {
    expect(verdict({ iss, tid: 't1' }, { plan, keyIssuer: 'https://login.example/{tenantid}/v2.0' })).toBe('passed')
    expect(refusal({ iss, tid: 't2' }, { plan })).toEqual({
      reason: 'issuer_untrusted',
      iss,
      rule: 'issuers.main.tenantClaim',
    })
    expect(verdict({ iss }, { plan, keyIssuer: 'https://login.example/t2/v2.0' })).toBe('issuer_untrusted')
  })
})

describe('checkClaims: presence and rules', () => {
  it('a required claim must be there and not null', () => {
    const plan = { requireClaims: [toClaimPath('org.id')] }
    expect(verdict({ org: { id: 7 } }, { plan })).toBe('passed')
    expect(verdict({ org: { id: null } }, { plan })).toBe('claim_missing')
    expect(refusal({}, { plan })).toEqual({
      reason: 'claim_missing',
      claim: 'org.id',
      rule: 'issuers.main.requireClaims',
    })
  })

  it.each(['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'])('S1 rfc9068 demands %s', (claim) => {
    const whole = { client_id: 'web', jti: 'j1' }
    const plan: Partial<IssuerPlan> = {
      accept: 'rfc9068',
      requireExp: false,
      audiences: undefined,
      match: { kind: 'any' },
    }
    expect(verdict(whole, { plan })).toBe('passed')
    expect(refusal({ ...whole, [claim]: undefined }, { plan })).toEqual({
      reason: 'claim_missing',
      claim,
      rule: 'issuers.main.accept',
    })
  })

  it('every custom rule counts', () => {
    const rule = {
      path: toClaimPath('tier'),
      rule: 'apis.orders.access.require.claims[0]',
      equals: 'gold',
      oneOf: undefined,
      contains: undefined,
      any: undefined,
      all: undefined,
      min: undefined,
      max: undefined,
    }
    const require = { claims: [rule] }
    expect(verdict({ tier: 'gold' }, { require })).toBe('passed')
    expect(verdict({ tier: 'tin' }, { require })).toBe('claim_mismatch')
    expect(verdict({}, { require })).toBe('claim_missing')
  })
})

describe('checkClaims: introspection answers', () => {
  function introspected(claims: object, plan: Partial<IssuerPlan> = {}): string {
    const checked = checkClaims(claimsOf(claims), undefined, issuerOf(plan), nothing, undefined, now * 1000)
    return checked.ok ? 'passed' : checked.error.reason
  }

  it('iss may be absent but not foreign', () => {
    expect(introspected({ ...good, iss: undefined })).toBe('passed')
    expect(introspected({ ...good, iss: 'https://evil.example' })).toBe('issuer_untrusted')
  })

  it.each<[string, unknown]>([
    ['exp', '1900000000'],
    ['exp', null],
    ['nbf', 'now'],
    ['iat', []],
    ['aud', 7],
    ['sub', 7],
  ])('%s of %j, which no token parser has seen, is refused as invalid', (claim, value) => {
    expect(introspected({ ...good, [claim]: value })).toBe('claim_invalid')
  })

  it('rfc9068 claims are asked of tokens only', () => {
    expect(introspected(good, { accept: 'rfc9068' })).toBe('passed')
  })
})
