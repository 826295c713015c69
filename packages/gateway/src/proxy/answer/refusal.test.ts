import type { Problem } from '@jotgate/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rejectSamples } from '../../../test/reject-samples.ts'
import { reasons } from '../../domain/reasons.ts'
import { type Refusal, refusal } from './refusal.ts'
import { rejectToWire } from './reject-to-wire.ts'

const context = {
  decisionId: '0123456789abcdef0123456789abcdef-1',
  realm: 'orders',
  resourceMetadataUrl: 'https://api.example.com/.well-known/oauth-protected-resource/orders',
}

function header(answer: Refusal, name: string): string | undefined {
  const index = answer.rawHeaders.findIndex((text, position) => position % 2 === 0 && text === name)
  return index < 0 ? undefined : answer.rawHeaders[index + 1]
}

describe('refusal', () => {
  it.each(reasons)('%s: a problem that is never cached and names the decision', (reason) => {
    const wire = rejectToWire(rejectSamples[reason])
    const answer = refusal(wire, context)
    const problem = JSON.parse(answer.body) as Problem
    expect(problem).toEqual({
      type: `urn:jotgate:problem:${wire.code}`,
      title: expect.stringMatching(/^[A-Z]/),
      status: wire.status,
      code: wire.code,
      decision: context.decisionId,
    })
    expect(answer.status).toBe(wire.status)
    expect(header(answer, 'content-type')).toBe('application/problem+json')
    expect(header(answer, 'cache-control')).toBe('no-store')
    expect(header(answer, 'jotgate-decision')).toBe(context.decisionId)
  })

  it('challenges as RFC 6750 and RFC 9728 print it', () => {
    expect(header(refusal(rejectToWire(rejectSamples.token_missing), context), 'www-authenticate')).toBe(
      'Bearer realm="orders", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/orders"',
    )
    expect(
      header(
        refusal(rejectToWire(rejectSamples.scope_missing), { ...context, resourceMetadataUrl: undefined }),
        'www-authenticate',
      ),
    ).toBe(
      'Bearer realm="orders", error="insufficient_scope", error_description="The access token lacks a scope this API requires", scope="orders.read"',
    )
  })

  it('keeps challenge values inside their quotes, whatever the configuration holds', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    fc.assert(
      fc.property(text, text, text, (claim, scope, url) => {
        const answers = [
          refusal(rejectToWire({ reason: 'claim_missing', claim, rule: '' }), { ...context, resourceMetadataUrl: url }),
          refusal(rejectToWire({ reason: 'scope_missing', wanted: [scope], rule: '' }), { ...context, realm: claim }),
        ]
        for (const answer of answers) {
          expect(header(answer, 'www-authenticate')).toMatch(
            /^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*")*$/,
          )
        }
      }),
    )
  })

  it('says Allow and Retry-After where they belong', () => {
    expect(header(refusal(rejectToWire(rejectSamples.method_not_allowed), context), 'allow')).toBe('GET, HEAD')
    expect(header(refusal(rejectToWire(rejectSamples.keys_unavailable), context), 'retry-after')).toBe('5')
  })
})
