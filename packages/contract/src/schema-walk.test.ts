import { describe, expect, it } from 'vitest'
import { hideSecrets, keysAllowedAt, markedTexts } from './schema-walk.ts'

describe('S20 which fields read references', () => {
  const fields = (document: unknown) => markedTexts(document).map(({ path, field }) => [path.join('.'), field])

  it('keys and secrets do, in each of their forms; everything else that looks like one is plain', () => {
    const document = {
      issuers: {
        a: {
          issuer: '${env:JOTGATE_ISS}',
          keys: {
            publicKey: ['${file:a.pem}', { key: '${file:b.pem}', kid: '${env:JOTGATE_KID}' }],
            sharedSecret: { secret: '${env:JOTGATE_S}' },
            jwks: '${file:jwks.json}',
          },
          introspection: { clientSecret: '${env:JOTGATE_C}', clientId: '${env:JOTGATE_ID}' },
        },
      },
      unknown: ['${file:/etc/passwd}'],
    }
    expect(fields(document)).toEqual([
      ['issuers.a.issuer', 'plain'],
      ['issuers.a.keys.publicKey.0', 'key'],
      ['issuers.a.keys.publicKey.1.key', 'key'],
      ['issuers.a.keys.publicKey.1.kid', 'plain'],
      ['issuers.a.keys.sharedSecret.secret', 'secret'],
      ['issuers.a.keys.jwks', 'key'],
      ['issuers.a.introspection.clientSecret', 'secret'],
      ['issuers.a.introspection.clientId', 'plain'],
      ['unknown.0', 'plain'],
    ])
  })

  it('a reference inside an inline JWKS is plain', () => {
    const document = { issuers: { a: { keys: { jwks: { keys: [{ n: '${file:x}' }] } } } } }
    expect(fields(document)).toEqual([['issuers.a.keys.jwks.keys.0.n', 'plain']])
  })

  it('a secret written out is found although it is no reference', () => {
    expect(fields({ issuers: { a: { keys: { sharedSecret: ['hunter2'] } } } })).toEqual([
      ['issuers.a.keys.sharedSecret.0', 'secret'],
    ])
  })
})

describe('hiding secrets', () => {
  it('leaves nothing of a secret or an inline JWKS, and everything else as it was', () => {
    const document = {
      issuers: {
        a: {
          issuer: 'https://a',
          keys: { sharedSecret: [{ secret: 'canary-1', kid: 'k' }, 'canary-2'], jwks: { keys: [{ k: 'canary-3' }] } },
          introspection: { clientId: 'id', clientSecret: 'canary-4' },
        },
      },
    }
    const shown = hideSecrets(document)
    expect(JSON.stringify(shown)).not.toContain('canary')
    expect(shown).toMatchObject({ issuers: { a: { issuer: 'https://a', introspection: { clientId: 'id' } } } })
    expect(shown).toMatchObject({ issuers: { a: { keys: { sharedSecret: [{ kid: 'k' }, '(hidden)'] } } } })
  })
})

describe('the keys allowed at a place', () => {
  it('are those of every form the place may take', () => {
    expect(keysAllowedAt(['issuers', 'x', 'clockSkew'])).toEqual(['iat', 'nbf', 'exp'])
    expect(keysAllowedAt(['apis', 'x', 'access', 'token', 0])).toEqual([
      'header',
      'scheme',
      'query',
      'cookie',
      'origins',
    ])
    expect(keysAllowedAt(['nowhere'])).toEqual([])
    expect(keysAllowedAt(['constructor'])).toEqual([])
  })
})
