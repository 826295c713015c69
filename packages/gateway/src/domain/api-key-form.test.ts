import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyForm, apiKeySecretBytes, formatApiKey } from './api-key-form.ts'
import { crc32 } from './crc32.ts'

const secret = fc.uint8Array({ minLength: apiKeySecretBytes, maxLength: apiKeySecretBytes })

it('crc32 of the usual check value', () => {
  expect(crc32('123456789')).toBe(0xcbf43926)
  expect(crc32('')).toBe(0)
})

describe('S28 an API key of our own', () => {
  it('has a prefix, 160 bits and a checksum, in letters and digits', () => {
    expect(formatApiKey(randomBytes(apiKeySecretBytes))).toMatch(/^jgk_[0-9A-Za-z]{33}$/)
    expect(formatApiKey(new Uint8Array(apiKeySecretBytes).fill(255))).toMatch(/^jgk_[0-9A-Za-z]{33}$/)
  })

  it('is known by its form, and no two secrets have one', () => {
    fc.assert(
      fc.property(secret, secret, (one, other) => {
        expect(apiKeyForm(formatApiKey(one))).toBe('own')
        expect(formatApiKey(one) === formatApiKey(other)).toBe(Buffer.from(one).equals(Buffer.from(other)))
      }),
    )
  })

  it('with one character changed, missing or doubled is damaged', () => {
    fc.assert(
      fc.property(secret, fc.nat({ max: 32 }), (one, at) => {
        const key = formatApiKey(one)
        const index = 'jgk_'.length + at
        const changed = key[index] === 'x' ? 'y' : 'x'
        expect(apiKeyForm(key.slice(0, index) + changed + key.slice(index + 1))).toBe('damaged')
        expect(apiKeyForm(key.slice(0, index) + key.slice(index + 1))).toBe('damaged')
        expect(apiKeyForm(key.slice(0, index) + key.charAt(index) + key.slice(index))).toBe('damaged')
      }),
    )
  })

  it.each(['0969cf40-e558-4574-b462-42eafc85b906', 'jgk', 'short', ''])('%j is somebody else’s', (text) => {
    expect(apiKeyForm(text)).toBe('foreign')
  })
})
