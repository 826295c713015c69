import { generateKey, signToken } from '@jotgate/signer'
import { describe, expect, it } from 'vitest'
import { explainOffline } from './offline-explain.ts'
import { keysApiId, loadKeys, requestFor } from './offline-verify.ts'

const nowMs = Date.UTC(2026, 0, 1)
const nowSeconds = nowMs / 1000

async function judge(token: string, keys: readonly object[], algorithm?: string): Promise<string | undefined> {
  const loaded = loadKeys(keys, algorithm, nowMs)
  if (!loaded.ok) return loaded.error
  const request = requestFor(token, keysApiId, loaded.value)
  if (!request.ok) return request.error
  const { decision } = await explainOffline(request.value, loaded.value, { dataDir: undefined, nowMs, file: 'key' })
  return decision.reason ?? decision.outcome
}

describe('a token checked by a key alone', () => {
  it('passes with the key that signed it, whatever its issuer and audience', async () => {
    const pair = await generateKey('ES256')
    if (pair.kind !== 'pair') throw new Error('no pair')
    const token = await signToken({ iss: 'x', aud: 'y' }, pair.privateJwk)
    expect(await judge(token, [pair.publicJwk])).toBe('forwarded')
    const other = await generateKey('ES256')
    const { kid: _, ...unnamed } = other.kind === 'pair' ? other.publicJwk : {}
    expect(await judge(token, [unnamed])).toBe('signature_invalid')
    expect(await judge(token, [pair.publicJwk], 'RS256')).toContain('algorithm')
  })

  it('fails when its times say so', async () => {
    const made = await generateKey('HS256')
    if (made.kind !== 'secret') throw new Error('no secret')
    expect(await judge(await signToken({ exp: nowSeconds - 3600 }, made.secretJwk), [made.secretJwk])).toBe(
      'token_expired',
    )
    expect(await judge(await signToken({ nbf: nowSeconds + 3600 }, made.secretJwk), [made.secretJwk])).toBe(
      'token_not_yet_valid',
    )
    expect(await judge(await signToken({}, made.secretJwk), [made.secretJwk])).toBe('forwarded')
  })

  it('a private key, or none, is refused in words', async () => {
    const pair = await generateKey('ES256')
    if (pair.kind !== 'pair') throw new Error('no pair')
    expect(await judge('a.b.c', [pair.privateJwk])).toContain('private key')
    expect(await judge('a.b.c', [])).toContain('no usable key')
  })
})
