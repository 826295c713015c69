import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileIssuerPattern, isIssuerPattern } from '../domain/compile-issuer-pattern.ts'
import type { IssuerMatch } from '../domain/issuer-match.ts'
import { matchIssuer } from '../domain/match-issuer.ts'
import { issuersOverlap } from './issuer-overlap.ts'

const segment = fc.constantFrom('a', 'b')
const tenants = fc.option(fc.subarray(['a', 'b'], { minLength: 1 }), { nil: undefined })

/** Issuers over so small an alphabet that every `iss` they could share can be tried. */
const issuer: fc.Arbitrary<IssuerMatch> = fc
  .tuple(fc.array(segment, { maxLength: 2 }), fc.array(segment, { maxLength: 2 }), fc.boolean(), tenants)
  .map(([before, after, pattern, named]) => {
    const text = ['https://h', ...before, ...(pattern ? ['{t}'] : []), ...after].join('/')
    if (!isIssuerPattern(text)) return { kind: 'exact', iss: text }
    const ends = compileIssuerPattern(text)
    if (!ends.ok) throw new Error(ends.error)
    return { kind: 'pattern', ...ends.value, tenants: named, tenantClaim: { text: 'tid', segments: ['tid'] } }
  })

function everyIss(depth: number): readonly string[] {
  if (depth === 0) return ['https://h']
  const shorter = everyIss(depth - 1)
  return [...shorter, ...shorter.flatMap((iss) => ['a', 'b', 'c'].map((next) => `${iss}/${next}`))]
}

describe('S4 whether two issuers may share an iss', () => {
  it('is exactly whether some iss belongs to both, and the same both ways round', () => {
    const all = [...new Set(everyIss(5))]
    fc.assert(
      fc.property(issuer, issuer, (one, other) => {
        const shared = all.some((iss) => matchIssuer(one, iss) && matchIssuer(other, iss))
        expect(issuersOverlap(one, other)).toBe(shared)
        expect(issuersOverlap(other, one)).toBe(shared)
      }),
      { numRuns: 500 },
    )
  })
})
