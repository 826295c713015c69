import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Jwk } from '@jotgate/signer'
import { err, ok, type Result } from '../domain/result.ts'
import { readFileBytes } from './read-given.ts'

const keysMax = 100

/**
 * The keys of a file: PEM (line breaks may be missing), DER, X.509 certificate, JWK or JWKS, private or public. The error
 * is a sentence that holds nothing of the key.
 */
export async function readKeyFile(path: string): Promise<Result<readonly Jwk[], string>> {
  const bytes = await readFileBytes(path)
  if (!bytes.ok) return bytes
  const keys = await parseKeys(bytes.value)
  return keys.ok ? keys : err(`${path}: ${keys.error}`)
}

/**
 * The same for signing and verifying, where the text of a file may also be a shared secret: only when the algorithm says
 * so, lest a damaged key be taken for one. One final line break is cut off, as in `${file:…}`.
 */
export async function readKeyOrSecretFile(
  path: string,
  algorithm: string | undefined,
): Promise<Result<readonly Jwk[], string>> {
  const keys = await readKeyFile(path)
  if (keys.ok || algorithm?.startsWith('HS') !== true) return keys
  const bytes = await readFileBytes(path)
  if (!bytes.ok) return bytes
  if (bytes.value.includes('-----BEGIN')) return keys
  const text = bytes.value.toString('utf8').replace(/\r?\n$/, '')
  return ok([{ kty: 'oct', k: Buffer.from(text).toString('base64url') }])
}

async function parseKeys(bytes: Buffer): Promise<Result<readonly Jwk[], string>> {
  const text = bytes.toString('utf8').trim()
  if (text.startsWith('{')) return parseJson(text)
  if (text.includes('-----BEGIN ')) return fromPemText(text)
  const der = parseDer(bytes) ?? parseDer(Buffer.from(text, 'base64'))
  if (der !== undefined) return ok([der])
  return err(
    'no form a key comes in: PEM, DER, an X.509 certificate, a JWK or a JWKS; a shared secret needs --alg HS256',
  )
}

async function fromPemText(text: string): Promise<Result<readonly Jwk[], string>> {
  const { fromPem } = await import('@jotgate/signer')
  try {
    return ok([await fromPem(text)])
  } catch (error) {
    // `fromPem` says what is wrong and holds nothing of the key.
    return err(error instanceof TypeError ? error.message : 'the PEM cannot be read')
  }
}

function parseJson(text: string): Result<readonly Jwk[], string> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return err('the JSON is not whole')
  }
  const { keys } = json as { readonly keys?: unknown }
  const all: readonly unknown[] = Array.isArray(keys) ? keys : [json]
  if (all.length === 0) return err('the key set is empty')
  if (all.length > keysMax) return err(`the key set holds more than ${keysMax} keys`)
  return all.every(isJwk) ? ok(all) : err('this JSON is neither a JWK nor a JWKS: `kty` is missing')
}

function isJwk(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && 'kty' in value && typeof value.kty === 'string'
}

const derForms: readonly ((key: Buffer) => KeyObject)[] = [
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  (key) => createPublicKey({ key, format: 'der', type: 'spki' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'sec1' }),
]

function parseDer(bytes: Buffer): Jwk | undefined {
  for (const parse of derForms) {
    try {
      const jwk = parse(bytes).export({ format: 'jwk' })
      return isJwk(jwk) ? jwk : undefined
    } catch {
      // Not this form.
    }
  }
  return undefined
}
