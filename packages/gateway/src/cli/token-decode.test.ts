import { describe, expect, it } from 'vitest'
import { createPaint } from './terminal.ts'
import { decodeToken, formatDecoded } from './token-decode.ts'

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const compact = `${part({ alg: 'none' })}.${part({ sub: 'a\u001b[2J\u202e', exp: 60 })}.AAAA`

describe('a decoded token', () => {
  it('says in words, and first, that nothing was verified', () => {
    const decoded = decodeToken(compact)
    const text = decoded.ok ? formatDecoded(decoded.value, 0, createPaint(false)) : ''
    expect(text).toMatch(/^decoded, not verified: /)
    expect(text).toContain('signature: 3 bytes, not checked')
  })

  it('shows times as dates seen from now', () => {
    const decoded = decodeToken(compact)
    const text = decoded.ok ? formatDecoded(decoded.value, 0, createPaint(false)) : ''
    expect(text).toContain('exp       1970-01-01T00:01:00Z, in 1 m 0 s')
  })

  it('no claim moves the cursor or turns the reading direction', () => {
    const decoded = decodeToken(compact)
    const text = decoded.ok ? formatDecoded(decoded.value, 0, createPaint(false)) : ''
    expect(text).toContain('a\\u001b[2J\\u202e')
  })

  it.each([
    ['a.b.c.d.e', 'encrypted'],
    ['opaque', 'three parts'],
    ['e30.!.x', 'payload'],
    ['x.e30.x', 'header'],
  ])('%s is refused in words', (text, word) => {
    const decoded = decodeToken(text)
    expect(decoded.ok ? '' : decoded.error).toContain(word)
  })
})
