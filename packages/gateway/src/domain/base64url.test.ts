import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url } from './base64url.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The definition, read off RFC 4648 section 5 and RFC 7515 section 2, slow and obvious. */
function isCanonical(text: string): boolean {
  const values = [...text].map((character) => alphabet.indexOf(character))
  if (values.includes(-1) || text.length % 4 === 1) return false
  const unusedBits = text.length % 4 === 2 ? 0b1111 : text.length % 4 === 3 ? 0b11 : 0
  return ((values.at(-1) ?? 0) & unusedBits) === 0
}

describe('decodeBase64url', () => {
  it('any bytes come back from their own text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const buffer = Buffer.from(bytes)
        expect(decodeBase64url(buffer.toString('base64url'))?.equals(buffer)).toBe(true)
      }),
    )
  })

  it('of all two- and three-character endings only the canonical ones decode', () => {
    for (const prefix of ['', 'AAAA', 'zzz_']) {
      for (const a of `${alphabet}+/= \n`) {
        for (const b of alphabet) {
          expect(decodeBase64url(prefix + a + b) !== undefined).toBe(isCanonical(prefix + a + b))
          expect(decodeBase64url(`${prefix}Q${a}${b}`) !== undefined).toBe(isCanonical(`${prefix}Q${a}${b}`))
        }
      }
    }
  })

  it('any text decodes exactly when it is canonical base64url', () => {
    const character = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...alphabet) },
      { weight: 1, arbitrary: fc.constantFrom('+', '/', '=', ' ', '\n', '.', '\0', 'é', 'Ā', '\ud800') },
    )
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 40, size: 'max' }), (text) => {
        expect(decodeBase64url(text) !== undefined).toBe(isCanonical(text))
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['padding', 'QUE='],
    ['white space', 'QU E'],
    ['the other alphabet', 'ab+/'],
    ['a single trailing character', 'QUJDR'],
    ['trailing bits that are not zero', 'QUF'],
    ['a character above one byte whose low byte is in the alphabet', '\u0151UE'],
  ])('%s is refused', (_name, text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })
})
