import fc from 'fast-check'
import { decodeBase64url } from '../../src/domain/base64url.ts'
import { runFuzz } from './run-fuzz.ts'

// A text decodes exactly when it is the canonical text of its bytes, judged bit by bit.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function decodeSlowly(text: string): number[] | undefined {
  const bytes: number[] = []
  let bits = 0
  let bitCount = 0
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) return undefined
    bits = ((bits << 6) | value) & 0xffff
    bitCount += 6
    if (bitCount >= 8) {
      bitCount -= 8
      bytes.push((bits >> bitCount) & 0xff)
    }
  }
  const unused = bits & ((1 << bitCount) - 1)
  return bitCount === 6 || unused !== 0 ? undefined : bytes
}

const unit = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...alphabet) },
  { weight: 1, arbitrary: fc.constantFrom('=', '+', '/', ' ', '\n', '\0', '\u0141', '\u{10041}', '.') },
)

await runFuzz(
  'base64url',
  fc.property(fc.string({ unit, maxLength: 60, size: 'max' }), (text) => {
    const decoded = decodeBase64url(text)
    const expected = decodeSlowly(text)
    if (decoded === undefined || expected === undefined) return decoded === expected
    return decoded.equals(Buffer.from(expected))
  }),
)
