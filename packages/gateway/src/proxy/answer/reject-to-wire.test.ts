import { problemCodes } from '@jotgate/contract'
import { describe, expect, it } from 'vitest'
import { rejectSamples } from '../../../test/reject-samples.ts'
import { outcomeOfReason, reasons } from '../../domain/reasons.ts'
import { rejectToWire } from './reject-to-wire.ts'

const everyAnswer = reasons.map((reason) => ({ reason, wire: rejectToWire(rejectSamples[reason]) }))

describe('rejectToWire', () => {
  it.each(everyAnswer)('$reason: the status follows the source of the fault', ({ reason, wire }) => {
    if (reason === 'caller_gone' || reason === 'caller_slow') expect(wire.status).toBe(499)
    else if (outcomeOfReason[reason] === 'failed') expect([500, 502, 503, 504, 508]).toContain(wire.status)
    else expect([400, 401, 403, 404, 405, 408, 413, 421, 429, 431]).toContain(wire.status)
  })

  it('challenges every 401 and 403 scope_missing, and no answer that a token could not mend', () => {
    for (const { wire } of everyAnswer) {
      const mendable = wire.status === 401 || wire.code === 'scope_missing' || wire.code === 'token_ambiguous'
      expect(wire.challenge !== undefined || wire.asksApiKey === true, wire.code).toBe(mendable)
    }
  })

  it('names no error when no token was sent (RFC 6750 3)', () => {
    expect(rejectToWire(rejectSamples.token_missing).challenge).toEqual({})
  })

  it('answers one and the same to every kind of forged token, so that a forger learns nothing', () => {
    const forged = [
      'token_malformed',
      'alg_not_allowed',
      'issuer_untrusted',
      'key_unknown',
      'signature_invalid',
    ] as const
    const answers = forged.map((reason) => rejectToWire(rejectSamples[reason]))
    expect(new Set(answers).size).toBe(1)
  })

  it('says aloud nothing the caller or the provider sent', () => {
    const canary = 'canary-7f3a'
    const told = [
      rejectToWire({ reason: 'alg_not_allowed', alg: canary, rule: canary }),
      rejectToWire({ reason: 'issuer_untrusted', iss: canary, rule: canary }),
      rejectToWire({ reason: 'key_unknown', kid: canary, rule: canary }),
      rejectToWire({ reason: 'audience_mismatch', wanted: [canary], rule: canary }),
      rejectToWire({ reason: 'claim_invalid', claim: 'exp', fault: canary }),
      rejectToWire({ reason: 'upstream_invalid', fault: canary }),
      rejectToWire({ reason: 'upstream_refused', fault: canary }),
      rejectToWire({ reason: 'bad_header', name: canary, fault: 'invalid' }),
      rejectToWire({ reason: 'bad_framing', fault: canary }),
    ]
    expect(JSON.stringify(told)).not.toContain(canary)
  })

  it('closes the connection where the end of the request is in doubt', () => {
    expect(rejectToWire(rejectSamples.bad_framing).close).toBe(true)
    expect(rejectToWire({ reason: 'bad_header', name: 'Content-Length', fault: 'duplicate' }).close).toBe(true)
    expect(rejectToWire({ reason: 'bad_header', name: 'host', fault: 'missing' }).close).toBe(false)
    expect(rejectToWire(rejectSamples.signature_invalid).close).toBe(false)
  })

  it('names the allowed methods with 405, the wanted scopes with insufficient_scope, and when to come back with 503', () => {
    expect(rejectToWire(rejectSamples.method_not_allowed)).toMatchObject({ status: 405, allow: ['GET', 'HEAD'] })
    expect(rejectToWire(rejectSamples.scope_missing)).toMatchObject({
      status: 403,
      challenge: { error: 'insufficient_scope', scope: ['orders.read'] },
    })
    for (const { wire } of everyAnswer) {
      expect(wire.retryAfterSeconds !== undefined, wire.code).toBe(wire.status === 503 || wire.status === 429)
    }
  })

  it('uses every public code', () => {
    expect(new Set(everyAnswer.map(({ wire }) => wire.code))).toEqual(new Set(problemCodes))
  })
})
