import { describe, expect, it } from 'vitest'
import { composeClaims } from './token-sign.ts'

const none = { claim: [], aud: [] }

describe('the claims of a signed token', () => {
  it('hold iat and exp unless something said them', () => {
    expect(composeClaims('{}', none, 300, 1000)).toEqual({ ok: true, value: { iat: 1000, exp: 1300 } })
    expect(composeClaims('{"exp":5,"iat":4}', none, 300, 1000)).toEqual({ ok: true, value: { iat: 4, exp: 5 } })
    expect(composeClaims('{}', none, 0, 1000)).toEqual({ ok: true, value: { iat: 1000 } })
  })

  it('one audience is a text, several are a list', () => {
    expect(composeClaims('{}', { claim: [], aud: ['a'] }, 0, 1)).toMatchObject({ value: { aud: 'a' } })
    expect(composeClaims('{}', { claim: [], aud: ['a', 'b'] }, 0, 1)).toMatchObject({ value: { aud: ['a', 'b'] } })
  })

  it('single claims win over the JSON, and are JSON where they can be', () => {
    const claim = ['sub=bob', 'admin=true', 'roles=["x"]', 'note=a=b']
    expect(composeClaims('{"sub":"alice"}', { claim, aud: [] }, 0, 1)).toEqual({
      ok: true,
      value: { iat: 1, sub: 'bob', admin: true, roles: ['x'], note: 'a=b' },
    })
  })

  it.each([['[]'], ['"x"'], ['null'], ['{'], ['']])('claims that are no object are refused: %s', (json) => {
    expect(composeClaims(json, none, 0, 1)).toMatchObject({ ok: false })
  })

  it('a claim without a name or value is refused', () => {
    expect(composeClaims('{}', { claim: ['sub'], aud: [] }, 0, 1)).toMatchObject({ ok: false })
    expect(composeClaims('{}', { claim: ['=x'], aud: [] }, 0, 1)).toMatchObject({ ok: false })
  })
})
