import { expect, it } from 'vitest'
import { createApiKeyHash } from './api-key-hash.ts'

it('S28 the stored form of an API key is its keyed hash', () => {
  // RFC 4231 4.2, test case 1.
  const hash = createApiKeyHash(Buffer.alloc(20, 0x0b))
  const expected = Buffer.from('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7', 'hex')
  expect(hash('Hi There')).toBe(`hmac-sha256:${expected.toString('base64url')}`)
})

it('of another installation is another', () => {
  expect(createApiKeyHash(Buffer.alloc(32, 1))('key')).not.toBe(createApiKeyHash(Buffer.alloc(32, 2))('key'))
})
