import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSubjectHash } from './subject-hash.ts'

const key = Buffer.alloc(32, 7)
const hash = createSubjectHash(key)

describe('S23 the subject hash', () => {
  it('is an HMAC under the key of the installation, of 16 bytes', () => {
    const whole = createHmac('sha256', key).update('22:https://id.example.com\nalice').digest()
    expect(hash('https://id.example.com', 'alice')).toBe(whole.subarray(0, 16).toString('base64url'))
    expect(createSubjectHash(Buffer.alloc(32, 8))('https://id.example.com', 'alice')).not.toBe(
      hash('https://id.example.com', 'alice'),
    )
  })

  it('is one for each pair of issuer and subject, however the two are cut', () => {
    const part = fc.option(fc.string({ maxLength: 6 }), { nil: undefined })
    fc.assert(
      fc.property(
        part,
        fc.string({ maxLength: 6 }),
        part,
        fc.string({ maxLength: 6 }),
        (iss, sub, otherIss, otherSub) => {
          expect(hash(iss, sub) === hash(otherIss, otherSub)).toBe(iss === otherIss && sub === otherSub)
        },
      ),
    )
    expect(hash(undefined, 'x')).not.toBe(hash('', 'x'))
  })
})
