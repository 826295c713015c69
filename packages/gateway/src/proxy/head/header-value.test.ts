import { createServer } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../domain/claims.ts'
import { claimToHeader, headerLine, isFieldValue, isToken68 } from './header-value.ts'

/** ASCII, latin1, and the first letters whose low byte is a control character. */
const wide: fc.Arbitrary<string> = fc.nat(0x2ff).map((code) => String.fromCharCode(code))

function sent(value: JsonValue | undefined, unprintable: 'encode' | 'refuse' = 'encode'): string | undefined {
  const claim = claimToHeader(value, unprintable)
  return claim.kind === 'value' ? claim.value : claim.kind
}

describe('header values', () => {
  it('hold HTAB, 0x20-0x7E and 0x80-0xFF and nothing else, long or short', () => {
    for (let code = 0; code < 0x180; code++) {
      const legal = code === 0x09 || (code >= 0x20 && code <= 0x7e) || (code >= 0x80 && code <= 0xff)
      const character = String.fromCharCode(code)
      for (const length of [0, 1, 3, 62, 63, 64, 65, 66, 67, 1200, 20_000]) {
        const filler = 'x'.repeat(length)
        expect(isFieldValue(filler + character), `0x${code.toString(16)} after ${length}`).toBe(legal)
        expect(isFieldValue(character + filler), `0x${code.toString(16)} before ${length}`).toBe(legal)
      }
    }
  })

  it('a token68 holds letters, digits and -._~+/= only', () => {
    expect(isToken68('azAZ09-._~+/==')).toBe(true)
    for (const text of ['', 'a b', 'a,b', 'a"', 'a\t', 'é', 'a:b', 'Ł']) expect(isToken68(text)).toBe(false)
  })

  it('a value that no header may hold cannot be written: that would be our bug', () => {
    expect(headerLine('x-user', 'alice')).toBe('x-user: alice\r\n')
    expect(() => headerLine('x-user', 'a\r\nx-admin: 1')).toThrow('x-user')
    expect(() => headerLine('x-user', 'Ċ')).toThrow('x-user')
  })
})

describe('S11 claims in headers', () => {
  it.each<[JsonValue | undefined, string]>([
    ['alice', 'alice'],
    ['Alice Smith', 'Alice Smith'],
    ['a,b"c\\', 'a,b"c\\'],
    ['100%', '100%25'],
    ['%41', '%2541'],
    ['Zoë', 'Zo%C3%AB'],
    ['Zoë Müller 100%', 'Zo%C3%AB%20M%C3%BCller%20100%25'],
    [' padded', '%20padded'],
    ['a\r\nX-Admin: 1', 'a%0D%0AX-Admin:%201'],
    ['\u0000\u007f', '%00%7F'],
    ['😀', '%F0%9F%98%80'],
    [42, '42'],
    [-1.5, '-1.5'],
    [true, 'true'],
    [['a,b', 'c'], '"a,b", "c"'],
    [['say "hi"', 'back\\slash'], '"say \\"hi\\"", "back\\\\slash"'],
    [['é', 1, false], '"%C3%A9", "1", "false"'],
    [[''], '""'],
    [[], 'none'],
    ['', 'none'],
    [null, 'none'],
    [undefined, 'none'],
    [{ a: 1 }, 'unsendable'],
    [['a', { b: 1 }], 'unsendable'],
    [[['a']], 'unsendable'],
    [[null], 'unsendable'],
    ['\ud800', 'unsendable'],
  ])('%j is sent as %s', (claim, header) => {
    expect(sent(claim)).toBe(header)
  })

  it('with refuse, a value outside printable ASCII is unsendable and every other goes as it is', () => {
    expect(sent('100%', 'refuse')).toBe('100%')
    expect(sent('Zoë', 'refuse')).toBe('unsendable')
    expect(sent(['a', 'ë'], 'refuse')).toBe('unsendable')
    expect(sent('a\tb', 'refuse')).toBe('unsendable')
    expect(sent('a ', 'refuse')).toBe('unsendable')
  })

  it('what is sent is printable ASCII and decodes to the claim: no two claims share a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: wide, minLength: 1, maxLength: 20 }), (claim) => {
        const header = sent(claim) ?? ''
        expect(header).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/)
        expect(decodeURIComponent(header)).toBe(claim)
      }),
    )
  })

  it('U+010A, which Node would write as a line feed, arrives as %C4%8A', async () => {
    expect(Buffer.from('Ċ', 'latin1')).toEqual(Buffer.from('\n'))
    const received = new Promise<string | undefined>((resolve) => {
      const server = createServer((request, response) => {
        resolve(request.headersDistinct['x-user']?.join())
        response.end()
        server.close()
      })
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        const port = typeof address === 'object' && address !== null ? address.port : 0
        const line = headerLine('x-user', sent('aĊx-admin: 1') ?? '')
        connect(port, '127.0.0.1').end(
          Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\n${line}connection: close\r\n\r\n`, 'latin1'),
        )
      })
    })
    expect(await received).toBe('a%C4%8Ax-admin:%201')
  })
})
