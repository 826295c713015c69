import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatConfigPath, parseConfigPath } from './config-path.ts'

describe('a configuration path as text', () => {
  it('is written as an operator would', () => {
    expect(formatConfigPath(['apis', 'orders', 'access', 'issuers', 0])).toBe('apis.orders.access.issuers[0]')
    expect(formatConfigPath(['apis', 'a', 'forward', 'claims', 'X.Y'])).toBe('apis.a.forward.claims["X.Y"]')
    expect(formatConfigPath([])).toBe('')
  })

  it('reads back to the same path, whatever the keys are', () => {
    const part = fc.oneof(fc.string({ minLength: 1, unit: 'binary' }), fc.nat(1000))
    fc.assert(
      fc.property(fc.array(part), (path) => {
        expect(parseConfigPath(formatConfigPath(path))).toEqual(path)
      }),
    )
  })

  it('ends where it cannot be read, and never throws', () => {
    expect(parseConfigPath('apis.orders!x')).toEqual(['apis', 'orders'])
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseConfigPath(text))))
  })
})
