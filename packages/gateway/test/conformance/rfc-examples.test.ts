import { describe, expect, it } from 'vitest'
import { readJwks } from '../../src/keys/recognise/read-jwks.ts'
import { hasVectors, readVectors } from '../support/public-vectors.ts'
import { strictQuality } from '../support/strict-quality.ts'
import { isToken, verifyCompact } from '../support/verify-compact.ts'

interface Example {
  readonly id: string
  readonly key: object | null
  readonly token: string
  readonly valid: boolean
}

const examples = hasVectors
  ? readVectors<{ readonly cases: readonly Example[] }>('rfc-examples/rfc-examples.json').cases
  : []

function read(key: object | null, allowSampleKey: boolean) {
  return readJwks({ keys: key === null ? [] : [key] }, strictQuality({ allowSampleKey }), 0, 'operator')
}

describe.skipIf(!hasVectors)('examples of RFC 7515, RFC 8037 and RFC 9864', () => {
  it.each(examples)('$id: valid is $valid', ({ key, token, valid }) => {
    const set = read(key, true)
    expect(verifyCompact(token, set.ok ? set.value.keys : [])).toBe(valid)
  })

  it.each(examples.filter(({ key }) => key !== null))('the key of $id is refused unless allowed by name', ({ key }) => {
    const set = read(key, false)
    expect(set.ok ? 'taken' : set.error.code).toBe('no_usable_key')
  })

  it('an unsecured token (RFC 7515 A.5) is no token under any key', () => {
    const unsecured = examples.find(({ id }) => id === 'RFC7515-A5')?.token ?? ''
    expect(isToken(unsecured)).toBe(false)
    for (const { key } of examples) {
      const set = read(key, true)
      expect(verifyCompact(unsecured, set.ok ? set.value.keys : [])).toBe(false)
    }
  })
})
