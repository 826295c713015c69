import { generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { KeyRecord } from '../../src/domain/key.ts'
import { readJwks } from '../../src/keys/recognise/read-jwks.ts'
import { recogniseKeys } from '../../src/keys/recognise/recognise-key.ts'
import { recogniseSecret } from '../../src/keys/recognise/recognise-secret.ts'
import { axwaySampleKey } from '../support/axway-sample-key.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { isToken, verifyCompact } from '../support/verify-compact.ts'

/** The vendors' pages lie beside the repository and are never part of it. */
const pages = fileURLToPath(new URL('../../../../../shared/mission/', import.meta.url))
const loose = strictQuality({ allowSampleKey: true, allowWeakSecret: true })

/** The first token on a page whose header begins like this; Axway prints it over several lines. */
function tokenOn(page: string, start: string): string {
  const text = readFileSync(`${pages}${page}`, 'utf8')
  const lines = text.slice(text.indexOf(start)).split('\n')
  const end = lines.findIndex((line) => !/^\s*[A-Za-z0-9_.-]+"?$/.test(line))
  return lines.slice(0, end).join('').replaceAll(/[\s"]/g, '')
}

function keysOf(read: ReturnType<typeof recogniseKeys>): readonly KeyRecord[] {
  return read.ok ? read.value.keys : []
}

describe.skipIf(!existsSync(pages))("sample tokens of the vendors' pages", () => {
  it("Axway's second token verifies with its key, in PEM or stripped, and no other kid is asked for", () => {
    const token = tokenOn('001_22e465210d9dac60.txt', 'eyJhbGciOiJSUzI1NiIsImtpZCI6Ik44')
    expect(isToken(token)).toBe(true)
    for (const text of [axwaySampleKey, axwaySampleKey.replaceAll('\n', '')]) {
      expect(verifyCompact(token, keysOf(recogniseKeys(text, {}, loose, 0)))).toBe(true)
      // Its kid is the SPKI-SHA-256 id, which names the key even when another kid is declared.
      expect(verifyCompact(token, keysOf(recogniseKeys(text, { kid: 'declared' }, loose, 0)))).toBe(true)
    }
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
    expect(verifyCompact(token, keysOf(recogniseKeys(other.toString(), {}, loose, 0)))).toBe(false)
  })

  it("Tyk's token verifies with its short, well-known secret, which two loosenings allow", () => {
    const token = tokenOn('003_df1fbd5232018a30.txt', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.')
    const made = recogniseSecret('tyk123', 'utf8', {}, loose)
    expect(verifyCompact(token, made.ok ? [made.value.record] : [])).toBe(true)
  })
})

describe('a webMethods key set and token', () => {
  it('verify: `alg` RSA in the set, a key alias as kid, no typ and an empty aud in the token', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'ssos', alg: 'RSA' }
    const set = readJwks({ keys: [jwk] }, strictQuality(), 0, 'remote')
    const claims = '{"sub":"Administrator","aud":"","nbf":1522671032,"iss":"AAA","exp":1522691012,"iat":1522671032}'
    const input = ['{"kid":"ssos","alg":"RS256"}', claims]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    const token = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
    expect(isToken(token)).toBe(true)
    expect(verifyCompact(token, set.ok ? set.value.keys : [])).toBe(true)
  })
})
