import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closestWord } from './closest-word.ts'

describe('the closest word', () => {
  const words = ['jwksUri', 'jwks', 'publicKey', 'audiences', 'RS256', 'PS256']

  it.each([
    ['jwks_uri', 'jwksUri'],
    ['JWKS', 'jwks'],
    ['publickey', 'publicKey'],
    ['audinces', 'audiences'],
    ['aduiences', 'audiences'],
    ['RS-256', 'RS256'],
  ])('%s is meant as %s', (text, word) => {
    expect(closestWord(text, words)).toBe(word)
  })

  it('nothing is meant by what is near to nothing', () => {
    expect(closestWord('upstream', words)).toBeUndefined()
    expect(closestWord('a'.repeat(10_000), words)).toBeUndefined()
    expect(closestWord('x', [])).toBeUndefined()
  })

  it('a known word is its own closest', () => {
    fc.assert(fc.property(fc.constantFrom(...words), (word) => closestWord(word, words) === word))
  })
})
