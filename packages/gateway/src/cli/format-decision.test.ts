import { describe, expect, it } from 'vitest'
import type { Decision } from '../domain/decision.ts'
import { formatDecision, formatOutcome } from './format-decision.ts'
import { createPaint } from './terminal.ts'

const plain = createPaint(false)

const expired: Decision = {
  id: `${'0'.repeat(32)}-0`,
  atMs: 0,
  outcome: 'refused',
  status: 401,
  method: 'GET',
  path: '/orders',
  api: 'orders',
  application: undefined,
  generation: 1,
  reason: 'token_expired',
  checks: [
    { step: 'readRequest', verdict: 'passed' },
    { step: 'checkClaims', verdict: 'failed' },
    { step: 'authorize', verdict: 'not reached' },
    { step: 'forward', verdict: 'not reached' },
  ],
  seen: 'exp one',
  wanted: 'exp two',
  hint: 'Fetch a new token.',
  rule: { path: 'issuers.acme.clockSkew.exp', file: 'jotgate.yaml', line: 4, column: 5 },
  token: { signatureChecked: true, header: { alg: 'ES256' }, claims: { sub: 'alice' } },
}

describe('a decision as text', () => {
  it('says the outcome first, marks every check, and names what was seen, wanted and asked for where', () => {
    expect(
      formatDecision(expired, 'clockSkew: { exp: 0s }', plain, false),
    ).toBe(`refused: token_expired (401): GET /orders, API orders

  ✓ readRequest      path, headers and length can be read without doubt
  ✗ checkClaims      times, audience and claims
  · authorize        policies and scopes (not reached)
  · forward          the upstream answered (not reached)

  seen    exp one
  wanted  exp two
  rule    jotgate.yaml:4:5 issuers.acme.clockSkew.exp
            clockSkew: { exp: 0s }
  hint    Fetch a new token.
  more    docs/failure-modes.md#token_expired

the token, verified; of claims that are not registered only type and length:
  header  alg: ES256
  claim   sub: alice
`)
  })

  it('says of a described request that it would be let through', () => {
    expect(formatOutcome({ ...expired, outcome: 'forwarded' }, plain, true)).toBe(
      'would be let through: GET /orders, API orders',
    )
  })

  it('a rule whose place is not known is named by its path', () => {
    const text = formatDecision({ ...expired, rule: { path: 'apis.a.access' } }, undefined, plain, false)
    expect(text).toContain('  rule    apis.a.access\n')
  })
})
