import { describe, expect, it } from 'vitest'
import { cutQueryParameter, decodeQueryValue, findQueryParameter } from './query-parameter.ts'

describe('query parameters', () => {
  it.each([
    ['', []],
    ['?a=1', []],
    ['?token=x', ['x']],
    ['?token', ['']],
    ['?token=', ['']],
    ['?a&token=x=y&b', ['x=y']],
    ['?token=x&token=y', ['x', 'y']],
    ['?tok%65n=x', ['x']],
    ['?xtoken=x&tokenx=y&a=token', []],
    ['?a=1&&token=x', ['x']],
  ])('in %s the values of token are %j', (query, values) => {
    expect(findQueryParameter(query, 'token')).toEqual(values)
  })

  it.each([
    ['?token=x', ''],
    ['?token', ''],
    ['?a=%zz&token=x&b=+', '?a=%zz&b=+'],
    ['?token=x&a=1', '?a=1'],
    ['?a=1&token=x', '?a=1'],
    ['?tok%65n=x&a&tok%45n=kept', '?a&tok%45n=kept'],
    ['?token=x&token=y&a', '?a'],
    ['?mytoken=1', '?mytoken=1'],
    ['?', '?'],
  ])('%s without token is %j, byte for byte', (query, rest) => {
    expect(cutQueryParameter(query, 'token')).toBe(rest)
    expect(findQueryParameter(rest, 'token')).toEqual([])
  })

  it('values are read as a form decoder reads them', () => {
    expect(decodeQueryValue('a.b-c')).toBe('a.b-c')
    expect(decodeQueryValue('a%2Eb+c%2b')).toBe('a.b c+')
    expect(decodeQueryValue('%zz')).toBeUndefined()
    expect(decodeQueryValue('%4')).toBeUndefined()
  })
})
