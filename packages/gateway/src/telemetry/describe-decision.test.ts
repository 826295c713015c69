import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rejectSamples } from '../../test/reject-samples.ts'
import type { JsonObject } from '../domain/claims.ts'
import { outcomeOfReason, reasons } from '../domain/reasons.ts'
import { stepOfReason, steps } from '../domain/steps.ts'
import type { DecisionEntry } from './decision-ring.ts'
import { describeDecision } from './describe-decision.ts'
import { summariseToken } from './summarise-token.ts'

const forwarded: DecisionEntry = {
  id: '0123456789abcdef0123456789abcdef-1',
  atMs: 1_795_435_384_567,
  outcome: 'forwarded',
  status: 200,
  method: 'GET',
  path: '/orders/1',
  api: 'orders',
  application: undefined,
  generation: 4,
  reject: undefined,
  way: 'signed',
  upstreamAsked: true,
  token: undefined,
}

function verdicts(entry: DecisionEntry): Readonly<Record<string, string>> {
  return Object.fromEntries(describeDecision(entry).checks.map(({ step, verdict }) => [step, verdict]))
}

describe('describeDecision', () => {
  it.each(reasons)('%s: says which check failed, what was seen and wanted, and which line asked for it', (reason) => {
    const reject = rejectSamples[reason]
    const decision = describeDecision(
      { ...forwarded, outcome: outcomeOfReason[reason], status: 400, reject },
      (path) => ({ path, file: 'jotgate.yaml', line: 7, column: 3 }),
    )
    expect(decision.reason).toBe(reason)
    expect(decision.seen).toMatch(/\w/)
    expect(decision.wanted).toMatch(/\w/)
    expect(decision.hint).toMatch(/\.$/)
    const rule = 'rule' in reject ? reject.rule : undefined
    expect(decision.rule).toEqual(rule && { path: rule, file: 'jotgate.yaml', line: 7, column: 3 })
    const failed = decision.checks.filter(({ verdict }) => verdict === 'failed').map(({ step }) => step)
    expect(failed).toEqual(stepOfReason[reason] === undefined ? [] : [stepOfReason[reason]])
  })

  it('lists the steps in order: passed before the failing one, not reached after it', () => {
    const decision = describeDecision({ ...forwarded, outcome: 'refused', reject: rejectSamples.signature_invalid })
    expect(decision.checks.map(({ step }) => step)).toEqual(steps.map(({ name }) => name).slice(0, -1))
    expect(decision.checks.map(({ verdict }) => verdict)).toEqual([
      ...Array.from({ length: 2 }, () => 'passed'),
      'skipped',
      ...Array.from({ length: 4 }, () => 'passed'),
      'failed',
      ...Array.from({ length: 9 }, () => 'not reached'),
    ])
    const { answerPreflight, ...others } = verdicts(forwarded)
    expect([answerPreflight, ...new Set(Object.values(others))]).toEqual(['skipped', 'passed'])
    expect(new Set(Object.values(verdicts({ ...forwarded, reject: rejectSamples.not_ready })))).toEqual(
      new Set(['not reached']),
    )
  })

  it('says what was skipped, and never that a signature was checked when it was not', () => {
    expect(verdicts({ ...forwarded, way: 'public' })).toMatchObject({
      matchApi: 'passed',
      extractToken: 'skipped',
      authorize: 'skipped',
      forward: 'passed',
    })
    expect(verdicts({ ...forwarded, way: 'introspected' })).toMatchObject({
      extractToken: 'passed',
      parseToken: 'skipped',
      verifySignature: 'passed',
    })
    const unchecked = { ...rejectSamples.token_expired, signatureChecked: false }
    const entry = { ...forwarded, reject: unchecked }
    expect(verdicts(entry)).toMatchObject({ findKey: 'passed', verifySignature: 'skipped', checkClaims: 'failed' })
    expect(describeDecision(entry).seen).toContain('signature not checked')
    expect(verdicts({ ...forwarded, reject: rejectSamples.token_expired })).toMatchObject({ verifySignature: 'passed' })
  })

  it('a preflight came to its own step and no further, whether it was answered or refused', () => {
    const answered = verdicts({ ...forwarded, outcome: 'answered', way: 'preflight' })
    expect(answered).toMatchObject({ matchApi: 'passed', answerPreflight: 'passed', extractToken: 'not reached' })
    const refused = verdicts({ ...forwarded, way: 'preflight', reject: rejectSamples.preflight_refused })
    expect(refused).toMatchObject({ matchApi: 'passed', answerPreflight: 'failed', extractToken: 'not reached' })
  })

  it('S12 a `_method` in the query is told, as the upstream may act on it', () => {
    expect(describeDecision({ ...forwarded, queryNamesMethod: true }).notes?.[0]).toContain('_method')
    expect(describeDecision(forwarded).notes).toBeUndefined()
  })

  it('never says that an upstream answered a request it never got', () => {
    expect(verdicts({ ...forwarded, upstreamAsked: false })).toMatchObject({
      shapeUpstream: 'passed',
      forward: 'not reached',
      shapeReply: 'not reached',
    })
    expect(verdicts({ ...forwarded, outcome: 'answered', upstreamAsked: false })).toMatchObject({
      readRequest: 'passed',
      matchApi: 'not reached',
      verifySignature: 'not reached',
    })
  })

  it('shows the audience the token had beside the one that was wanted', () => {
    const token = summariseToken({ alg: 'RS256' }, { aud: ['a', 'b'] }, true)
    const decision = describeDecision({ ...forwarded, reject: rejectSamples.audience_mismatch, token })
    expect(decision.seen).toBe('aud ["a","b"]')
    expect(decision.wanted).toBe('one of: orders-api')
  })

  it('is safe to print, whatever the caller sent', () => {
    const text = fc.string({ unit: 'binary', maxLength: 700 })
    fc.assert(
      fc.property(text, (sent) => {
        const entry: DecisionEntry = {
          ...forwarded,
          method: sent,
          path: sent,
          reject: { reason: 'issuer_untrusted', iss: sent, rule: 'apis.orders.access.issuers' },
          token: summariseToken({ kid: sent, [sent]: sent }, { iss: sent, [sent]: sent }, false),
        }
        const strings: string[] = []
        JSON.stringify(describeDecision(entry), (name, value: unknown) => {
          strings.push(name, ...(typeof value === 'string' ? [value] : []))
          return value
        })
        for (const one of strings) {
          expect(one).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u)
          expect(one.length).toBeLessThanOrEqual(512)
        }
      }),
    )
  })

  it('survives a time that no calendar has', () => {
    const reject = { ...rejectSamples.token_expired, expSeconds: 9e15 }
    expect(describeDecision({ ...forwarded, reject }).seen).toContain('9000000000000000')
  })
})

describe('S23 what a decision shows of a token', () => {
  const header: JsonObject = { alg: 'RS256', kid: 'k1', typ: 'at+jwt', x5u: 'https://canary.example' }
  const claims: JsonObject = {
    iss: 'https://id.example.com',
    sub: 'alice',
    exp: 1_700_000_000,
    email: 'canary@example.com',
    roles: ['canary-role', 'b'],
    address: { street: 'canary street' },
    age: 42,
    admin: true,
    nothing: null,
  }

  it('values of registered claims in clear, of all others only type and length', () => {
    const summary = summariseToken(header, claims, true)
    expect(summary).toEqual({
      signatureChecked: true,
      header: { alg: 'RS256', kid: 'k1', typ: 'at+jwt', x5u: 'text of 22 characters' },
      claims: {
        iss: 'https://id.example.com',
        sub: 'alice',
        exp: '1700000000',
        email: 'text of 18 characters',
        roles: 'list of 2',
        address: 'object of 1 members',
        age: 'number',
        admin: 'boolean',
        nothing: 'null',
      },
    })
  })

  it('no value of another claim in the words of any refusal', () => {
    const token = summariseToken(header, claims, true)
    for (const reason of reasons) {
      const decision = describeDecision({ ...forwarded, reject: rejectSamples[reason], token })
      expect(JSON.stringify(decision)).not.toContain('canary')
    }
  })

  it('a bounded number of members, and none that changes what an object is', () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`c${index}`, index]))
    const { claims: shown } = summariseToken({}, many, true)
    expect(Object.keys(shown)).toHaveLength(65)
    expect(shown['…']).toBe('136 more')
    const hostile = JSON.parse('{"__proto__":{"x":1},"constructor":"y"}') as JsonObject
    expect(Object.keys(summariseToken({}, hostile, true).claims)).toEqual(['__proto__', 'constructor'])
  })
})
