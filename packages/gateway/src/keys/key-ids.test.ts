import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, it } from 'vitest'
import { axwaySampleKey } from '../../test/support/axway-sample-key.ts'
import { strictQuality } from '../../test/support/strict-quality.ts'
import { secretThumbprint, spkiKeyId, thumbprint } from './key-ids.ts'
import { recogniseKeys } from './recognise/recognise-key.ts'

describe('key ids', () => {
  it("of Axway's sample key are the kid its page shows and its RFC 7638 thumbprint", () => {
    const result = recogniseKeys(axwaySampleKey, {}, strictQuality({ allowSampleKey: true }), 0)
    expect(result.ok && result.value.keys[0]?.aliases).toEqual([
      'zFHVsM9dc4OlHIwvEnVqfKzRj1ujqYGsZnXAcgn_CqI',
      'N8Iwm2wAEnfBs_U01ISJsNX_mx2C8UR7ZrbToKWdiLA',
    ])
    expect(result.ok && result.value.warnings.map(({ code }) => code)).toEqual(['sample_key'])
  })

  it('a key known from documentation is refused unless it is allowed by name', () => {
    const result = recogniseKeys(axwaySampleKey, {}, strictQuality(), 0)
    expect(result.ok ? 'taken' : result.error.code).toBe('sample_key')
  })

  it('agree with jose for every key type', async () => {
    const keys = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      generateKeyPairSync('ec', { namedCurve: 'P-521' }),
      generateKeyPairSync('ed25519'),
    ]
    for (const { publicKey } of keys) {
      const result = recogniseKeys(JSON.stringify(publicKey.export({ format: 'jwk' })), {}, strictQuality(), 0)
      const record = result.ok ? result.value.keys[0] : undefined
      if (record?.kind !== 'public') throw new Error('no public key')
      expect(thumbprint(record.jwk)).toBe(await calculateJwkThumbprint(record.jwk, 'sha256'))
      expect(spkiKeyId(record.jwk)).toHaveLength(43)
      expect(createPublicKey({ key: record.jwk, format: 'jwk' }).equals(publicKey)).toBe(true)
    }
    expect(secretThumbprint('c2VjcmV0')).toBe(await calculateJwkThumbprint({ kty: 'oct', k: 'c2VjcmV0' }, 'sha256'))
  })
})
