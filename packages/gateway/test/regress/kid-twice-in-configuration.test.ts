import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { problemsOf as problemsOfConfig } from '../support/problems-of.ts'

function makeJwk(type: 'ec' | 'rsa', kid: string): object {
  const { publicKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...publicKey.export({ format: 'jwk' }), kid }
}

const [one, two, other] = [makeJwk('ec', 'k'), makeJwk('ec', 'k'), makeJwk('rsa', 'k')]

async function problemsOf(keys: object): Promise<readonly string[]> {
  return problemsOfConfig({
    version: 1,
    issuers: { a: { issuer: 'https://a.example', audiences: ['x'], keys } },
    apis: { p: { listen: { path: '/p' }, upstream: { targets: ['http://127.0.0.1:9'] }, access: { issuers: ['a'] } } },
  })
}

describe('S4 two keys of one type under one kid, written in two places', () => {
  it('are a problem of the configuration, not two keys that silently verify nothing', async () => {
    const publicKey = [JSON.stringify(one), JSON.stringify(two)]
    expect(await problemsOf({ publicKey })).toEqual(['issuers.a.keys.publicKey[1] duplicate_kid'])
    expect(await problemsOf({ publicKey: JSON.stringify(one), jwks: { keys: [two] } })).toEqual([
      'issuers.a.keys.jwks duplicate_kid',
    ])
  })

  it('the same key twice, or keys of two types, are none', async () => {
    expect(await problemsOf({ publicKey: [JSON.stringify(one), JSON.stringify(one)] })).toEqual([])
    expect(await problemsOf({ publicKey: [JSON.stringify(one), JSON.stringify(other)] })).toEqual([])
  })
})
