import { describe, expect, it } from 'vitest'
import { checkIdentityText } from './identity-text.ts'

describe('S10 checkIdentityText', () => {
  it.each([
    ['alice'],
    ['auth0|5f7c8ec7c33c6c004bbafe82'],
    ['https://idp.example/realms/main'],
    ['Jürgen Ünal 😀'],
    [''],
    ['x'.repeat(512)],
    ['é'.repeat(256)],
    ['😀'.repeat(128)],
  ])('%j may name somebody', (text) => {
    expect(checkIdentityText(text)).toBeUndefined()
  })

  it.each([
    ['a newline', 'alice\nadmin', 'control_character'],
    ['NUL', 'alice\0', 'control_character'],
    ['DEL', 'alice\x7f', 'control_character'],
    ['a C1 control character', 'alice\u0085', 'control_character'],
    ['DEL after a letter outside ASCII', 'é\x7f', 'control_character'],
    ['a tab after a letter outside ASCII', 'é\t', 'control_character'],
    ['a lone high surrogate', 'alice\ud800', 'lone_surrogate'],
    ['a lone low surrogate', '\udc00alice', 'lone_surrogate'],
    ['surrogates in the wrong order', '\ude00\ud83d', 'lone_surrogate'],
    ['513 bytes of ASCII', 'x'.repeat(513), 'too_long'],
    ['514 bytes in 257 characters', 'é'.repeat(257), 'too_long'],
    ['516 bytes in 258 UTF-16 units', '😀'.repeat(129), 'too_long'],
  ])('%s cannot be part of an identity', (_name, text, fault) => {
    expect(checkIdentityText(text)).toBe(fault)
  })
})
