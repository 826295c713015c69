import { expect, it } from 'vitest'
import { hideSecrets } from './hide-secrets.ts'

it('secrets of every form are hidden, references and everything else stay', () => {
  const document = {
    issuers: {
      a: { keys: { sharedSecret: 's1', publicKey: 'p' }, introspection: { clientSecret: 's2', clientId: 'c' } },
      b: { keys: { sharedSecret: [{ secret: 's3', kid: 'k' }, '${env:JOTGATE_S}', 's4', 's5 ${env:JOTGATE_S}'] } },
    },
  }
  expect(hideSecrets(document)).toEqual({
    issuers: {
      a: {
        keys: { sharedSecret: '[hidden]', publicKey: 'p' },
        introspection: { clientSecret: '[hidden]', clientId: 'c' },
      },
      b: { keys: { sharedSecret: [{ secret: '[hidden]', kid: 'k' }, '${env:JOTGATE_S}', '[hidden]', '[hidden]'] } },
    },
  })
})

it('keys and certificates of listeners are not shown', () => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n'
  const tls = { certificates: [{ certificate, privateKey: '-----BEGIN PRIVATE KEY-----' }], clientCa: certificate }
  expect(hideSecrets({ gateway: { listeners: [{ port: 8443, tls }] } })).toEqual({
    gateway: {
      listeners: [
        {
          port: 8443,
          tls: {
            certificates: [{ certificate: '[certificate]', privateKey: '[hidden]' }],
            clientCa: '[certificate]',
          },
        },
      ],
    },
  })
})
