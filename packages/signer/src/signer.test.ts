import { execFileSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  fromPem,
  generateKey,
  type Jwk,
  signingAlgorithms,
  signToken,
  spkiKeyId,
  thumbprintKeyId,
  toPem,
  toPublicJwk,
} from './index.ts'

// jwt.io's former default RS256 public key, as the second sample token on Axway's page uses it.
const axwaySample = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnzyis1ZjfNB0bBgKFMSv
vkTtwlvBsaJq7S5wA+kzeVOVpVWwkWdVha4s38XM/pa/yr47av7+z3VTmvDRyAHc
aT92whREFpLv9cj5lTeJSibyr/Mrm/YtjCZVWgaOYIhwrXwKLqPr/11inWsAkfIy
tvHWTxZYEcXLgAXFuUuaS3uF9gEiNQwzGTU1v0FqkqTBr4B8nW3HCN47XUu0t8Y0
e+lf4s4OxQawWD79J9/5d3Ry0vbV3Am1FtGJiJvOwRsIfVChDpYStTcHTCMqtvWb
V6L11BWkpzGXSW4Hv43qa+GSYOD2QU68Mb59oSk2OB+BtOLpJofmbGEGgvmwyCI9
MwIDAQAB
-----END PUBLIC KEY-----`

/** RFC 8037 A.1 and A.3. */
const rfc8037: Jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }

const pairs: readonly (readonly [string, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }])[] = [
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['Ed25519', generateKeyPairSync('ed25519')],
]

function pem(key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8' | 'sec1'): string {
  // The type of export depends on public or private; the callers pair them rightly.
  return (key as { export(options: object): string | Buffer }).export({ type, format: 'pem' }).toString()
}

async function generated(
  algorithm: (typeof signingAlgorithms)[number],
): Promise<readonly [signing: Jwk, verifying: Jwk]> {
  const key = await generateKey(algorithm)
  return key.kind === 'secret' ? [key.secretJwk, key.secretJwk] : [key.privateJwk, key.publicJwk]
}

describe('key ids', () => {
  it("are those of Axway's sample key, with and without its line breaks", async () => {
    for (const text of [axwaySample, axwaySample.replaceAll('\n', ''), axwaySample.replaceAll('\n', '\\n')]) {
      const jwk = await fromPem(text)
      expect(await spkiKeyId(jwk)).toBe('N8Iwm2wAEnfBs_U01ISJsNX_mx2C8UR7ZrbToKWdiLA')
      expect(await thumbprintKeyId(jwk)).toBe('zFHVsM9dc4OlHIwvEnVqfKzRj1ujqYGsZnXAcgn_CqI')
    }
  })

  it('are those of RFC 8037 A.3, and the same for both halves of a key', async () => {
    expect(await thumbprintKeyId(rfc8037)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
    const [privateJwk, publicJwk] = await generated('ES256')
    expect(await spkiKeyId(privateJwk)).toBe(await spkiKeyId(publicJwk))
    expect(privateJwk.kid).toBe(await thumbprintKeyId(publicJwk))
  })

  it('a secret has no SubjectPublicKeyInfo', async () => {
    await expect(spkiKeyId({ kty: 'oct', k: 'AAAA' })).rejects.toThrow(TypeError)
  })
})

describe('a generated key', () => {
  it.each(signingAlgorithms)('%s signs what its other half verifies', async (algorithm) => {
    const [signing, verifying] = await generated(algorithm)
    const token = await signToken({ sub: 'someone' }, signing)
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK({ ...verifying }, algorithm))
    expect(payload).toEqual({ sub: 'someone' })
    expect(protectedHeader).toEqual({ alg: algorithm, kid: signing.kid, typ: 'JWT' })
  })

  it('is ES256 by default', async () => {
    expect(await generateKey()).toMatchObject({ kind: 'pair', publicJwk: { crv: 'P-256', alg: 'ES256', use: 'sig' } })
  })

  it('shows nothing private in its public half, and says nothing of a secret in its kid', async () => {
    const key = await generateKey('RS256')
    expect(key.kind === 'pair' && Object.keys(key.publicJwk).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    const [secret] = await generated('HS256')
    expect(secret.kid).not.toBe(await thumbprintKeyId(secret))
    expect(() => toPublicJwk(secret)).toThrow(TypeError)
  })

  it('an RSA key has 2048 to 4096 bits', async () => {
    await expect(generateKey('RS256', { modulusBits: 1024 })).rejects.toThrow(TypeError)
    await expect(generateKey('RS256', { modulusBits: 8192 })).rejects.toThrow(TypeError)
  })
})

describe('PEM and JWK', () => {
  it.each(pairs)('%s goes both ways and stays the same key', async (_, { privateKey, publicKey }) => {
    const fromPublic = await fromPem(pem(publicKey, 'spki'))
    const fromPrivate = await fromPem(pem(privateKey, 'pkcs8').replaceAll('\n', ''))
    expect(createPublicKey({ key: { ...fromPublic }, format: 'jwk' }).equals(publicKey)).toBe(true)
    expect(createPrivateKey({ key: { ...fromPrivate }, format: 'jwk' }).equals(privateKey)).toBe(true)
    expect(createPublicKey(await toPem(fromPublic)).equals(publicKey)).toBe(true)
    expect(createPrivateKey(await toPem(fromPrivate)).equals(privateKey)).toBe(true)
    expect(toPublicJwk(fromPrivate)).toEqual(fromPublic)
  })

  it('reads PKCS#1 and SEC 1, which older openssl writes', async () => {
    for (const [name, { privateKey, publicKey }] of pairs) {
      if (name === 'Ed25519') continue
      const text = pem(privateKey, name === 'RSA' ? 'pkcs1' : 'sec1')
      const jwk = await fromPem(text)
      expect(createPrivateKey({ key: { ...jwk }, format: 'jwk' }).equals(privateKey)).toBe(true)
      if (name === 'RSA') expect(await fromPem(pem(publicKey, 'pkcs1'))).toEqual(toPublicJwk(jwk))
    }
  })

  it("reads what the commands of Axway's page make", async () => {
    const privatePem = execFileSync('openssl', ['genrsa', '2048'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const publicPem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString()
    expect(toPublicJwk(await fromPem(privatePem))).toEqual(await fromPem(publicPem))
  })

  it('what cannot be read is refused without showing it', async () => {
    const [, rsa] = pairs[0] ?? []
    const encrypted = rsa?.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    const damaged = pem(pairs[1]?.[1].privateKey as KeyObject, 'pkcs8').replace('MIGH', 'AAAA')
    for (const text of [
      '',
      'canary',
      String(encrypted),
      damaged,
      '-----BEGIN PUBLIC KEY-----canary-----END PUBLIC KEY-----',
    ]) {
      await expect(fromPem(text)).rejects.toThrow(TypeError)
      await expect(fromPem(text)).rejects.not.toThrow(/canary|AAAA/)
    }
    await expect(toPem({ kty: 'oct', k: 'AAAA' })).rejects.toThrow(TypeError)
  })
})

describe('a signed token', () => {
  it('has the claims exactly as given and the header as asked', async () => {
    const [key] = await generated('EdDSA')
    const token = await signToken({ iat: 1, exp: 2, extra: { a: [1] } }, key, { typ: 'at+jwt', kid: 'mine' })
    const [, payload] = token.split('.')
    expect(Buffer.from(payload ?? '', 'base64url').toString()).toBe('{"iat":1,"exp":2,"extra":{"a":[1]}}')
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'at+jwt', kid: 'mine', alg: 'EdDSA' })
  })

  it('an RSA key whose JWK says nothing, or `RSA`, signs RS256', async () => {
    const jwk = await fromPem(pem(pairs[0]?.[1].privateKey as KeyObject, 'pkcs8'))
    for (const key of [jwk, { ...jwk, alg: 'RSA' }]) {
      expect(decodeProtectedHeader(await signToken({}, key))).toEqual({ typ: 'JWT', alg: 'RS256' })
    }
    expect(decodeProtectedHeader(await signToken({}, jwk, { alg: 'PS512' })).alg).toBe('PS512')
  })

  it('needs a private key and an algorithm', async () => {
    const [, publicJwk] = await generated('ES256')
    await expect(signToken({}, publicJwk)).rejects.toThrow('private key')
    await expect(signToken({}, { kty: 'oct', k: 'AAAA', alg: 'none' })).rejects.toThrow(TypeError)
    await expect(signToken({}, rfc8037, { alg: 'none' })).rejects.toThrow(TypeError)
  })
})
