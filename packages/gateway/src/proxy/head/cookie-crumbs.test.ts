import { describe, expect, it } from 'vitest'
import { cutCookie, findCookie } from './cookie-crumbs.ts'

describe('cookies', () => {
  it.each([
    ['jwt=x', ['x']],
    ['a=1; jwt=x; b=2', ['x']],
    ['a=1;jwt=x', ['x']],
    ['jwt="x"', ['x']],
    ['jwt = x', ['x']],
    ['jwt=x=y', ['x=y']],
    ['jwt', ['']],
    ['jwt=x; jwt=y', ['x', 'y']],
    ['JWT=x; ajwt=y; jwta=z; a=jwt', []],
  ])('in %s the values of jwt are %j', (cookie, values) => {
    expect(findCookie(cookie, 'jwt')).toEqual(values)
  })

  it.each([
    ['jwt=x', ''],
    ['a=1; jwt=x; b=2', 'a=1; b=2'],
    ['jwt=x; jwt=y; a=1;', 'a=1'],
    ['a=1; b=2', 'a=1; b=2'],
    ['jwta=1', 'jwta=1'],
  ])('%s without jwt is %j', (cookie, rest) => {
    expect(cutCookie(cookie, 'jwt')).toBe(rest)
  })
})
