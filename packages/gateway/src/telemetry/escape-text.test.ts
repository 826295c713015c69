import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeForTerminal, jsonText, loggedCharactersMax } from './escape-text.ts'

// Control, format (bidi, zero-width), line and paragraph separators, and lone surrogates, by Unicode's own table.
const harmful = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\p{Cs}/u

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 600 }).map((units) => String.fromCharCode(...units)),
)

describe('S23 every logged string is escaped and at most 512 characters', () => {
  it('prints no control, bidi, separator or lone surrogate character, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const printed = escapeForTerminal(text)
        expect(harmful.test(printed)).toBe(false)
        expect(printed.length).toBeLessThanOrEqual(loggedCharactersMax)
      }),
    )
  })

  it('is the same when printed again', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const printed = escapeForTerminal(text)
        expect(escapeForTerminal(printed)).toBe(printed)
      }),
    )
  })

  it('shows an escape sequence and a right-to-left override as text', () => {
    expect(escapeForTerminal('\u001b[31mred\u202e')).toBe('\\u001b[31mred\\u202e')
    expect(escapeForTerminal('one\r\ntwo')).toBe('one\\u000d\\u000atwo')
  })

  it('keeps letters of other scripts and emoji on a terminal', () => {
    expect(escapeForTerminal('Zoë 日本 🙂')).toBe('Zoë 日本 🙂')
  })

  it('gives JSON in ASCII that reads back as the same text up to 512 characters', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = jsonText(text)
        expect(json).toMatch(/^[\x20-\x7e]*$/)
        const back: unknown = JSON.parse(json)
        if (text.length <= loggedCharactersMax) expect(back).toBe(text)
        else expect(back).toSatisfy((cut: string) => cut.length <= loggedCharactersMax && cut.endsWith('…'))
      }),
    )
  })
})
