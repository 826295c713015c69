import { expect, it } from 'vitest'
import { readPrivateKey } from '../../src/keys/certificate/read-private-key.ts'

// RFC 1421 headers hold dashes.

it('a key that OpenSSL encrypted the old way is called encrypted, not unreadable', () => {
  const pem = `-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,0F6C1B7C7A2A4B6E8C9D0E1F2A3B4C5D

bm90IGEga2V5LCBhbmQgbm90aGluZyByZWFkcyBpdA==
-----END RSA PRIVATE KEY-----
`
  expect(readPrivateKey(pem)).toMatchObject({ ok: false, error: { code: 'encrypted_private_key' } })
})
