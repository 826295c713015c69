import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import { readCertificate } from '../../src/keys/recognise/read-certificate.ts'
import { readDerKey } from '../../src/keys/recognise/read-der-key.ts'
import { readJwks } from '../../src/keys/recognise/read-jwks.ts'
import { selfSigned } from '../support/self-signed.ts'
import { strictQuality } from '../support/strict-quality.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const known = new X509Certificate(selfSigned(privateKey, 30)).raw
const ecKeyId = Buffer.from('06072a8648ce3d0201', 'hex')
/** OpenSSL reads it, and throws when it is asked for the key. */
const unknown = Buffer.from(known)
unknown[unknown.indexOf(ecKeyId) + 4] = 0x49

it('a certificate of a key type nobody knows is refused, not thrown over', () => {
  const refused = { ok: false, error: { code: 'unsupported_key' } }
  expect(readCertificate(unknown, strictQuality(), Date.now())).toMatchObject(refused)
  expect(readDerKey(unknown).ok).toBe(false)
})

it('in a fetched set it costs its own key only', () => {
  const entries = [known, unknown].map((der, index) => ({ kty: 'EC', kid: `${index}`, x5c: [der.toString('base64')] }))
  const read = readJwks({ keys: entries }, strictQuality(), Date.now(), 'remote')
  expect(read.ok && read.value.keys.map(({ kid }) => kid)).toEqual(['0'])
})
