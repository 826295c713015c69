import { describe, expect, it } from 'vitest'
import type { ClaimMismatch } from '../compile/closest-applications.ts'
import { mismatchWords } from './offline-mismatch-words.ts'

describe('why a claim does not match, in words', () => {
  it.each<[ClaimMismatch['seen'], ClaimMismatch['wanted'], string]>([
    ['billing', 'shop', 'claim is "billing", not "shop"'],
    [7, 8, 'claim is 7, not 8'],
    [true, false, 'claim is true, not false'],
    [undefined, 'shop', 'claim is missing'],
    ['3', 3, 'claim is text, not a number'],
    [3, '3', 'claim is a number, not text'],
    ['true', true, 'claim is text, not a boolean'],
    [['shop'], 'shop', 'claim is a list, not text'],
    [{ shop: true }, 'shop', 'claim is an object, not text'],
    [null, 'shop', 'claim is null, not text'],
    ['say "x"\n', 'x', 'claim is "say \\"x\\"\\n", not "x"'],
    ['\u202eshop\u001b[2J', 'shop', 'claim is "\\u202eshop\\u001b[2J", not "shop"'],
  ])('%j, wanted %j', (seen, wanted, words) => {
    expect(mismatchWords({ claim: 'claim', seen, wanted })).toBe(words)
  })

  it('a long value is shown as far as 64 characters, a strange name safely', () => {
    expect(mismatchWords({ claim: 'a\u202e', seen: 'x'.repeat(100), wanted: '😀'.repeat(64) })).toBe(
      `a\\u202e is "${'x'.repeat(63)}…", not "${'😀'.repeat(64)}"`,
    )
  })
})
