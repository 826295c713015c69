import { describe, expect, it } from 'vitest'
import { foldHeaderName, hasHeaderName, hashHeaderName, headerNames, startsFolded } from './header-name.ts'

describe('header names', () => {
  it('are tokens or nothing', () => {
    const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code)
      expect(hashHeaderName(`x${character}y`) >= 0, JSON.stringify(character)).toBe(token.test(character))
    }
    expect(hashHeaderName('')).toBe(-1)
  })

  it('all spellings of a name are one name', () => {
    for (const spelling of ['X-User-Id', 'x_user_id', 'X.USER-id', 'x-user.id']) {
      expect(foldHeaderName(spelling)).toBe('x-user-id')
      expect(hashHeaderName(spelling)).toBe(hashHeaderName('x-user-id'))
      expect(hasHeaderName(headerNames(['X_User.Id']), spelling, hashHeaderName(spelling))).toBe(true)
      expect(startsFolded(spelling, 'x-user-')).toBe(true)
    }
    expect(startsFolded('x-use', 'x-user-')).toBe(false)
  })

  it('names that only share their hash are told apart', () => {
    const [one, other] = ['0a', '2#']
    const hash = hashHeaderName('0a')
    expect(hashHeaderName('2#')).toBe(hash)
    expect(hasHeaderName(headerNames([one]), other, hash)).toBe(false)
    expect(hasHeaderName(headerNames([one, other, 'x-a']), one, hash)).toBe(true)
    expect(hasHeaderName(headerNames([one, other, 'x-a']), other, hash)).toBe(true)
  })
})
