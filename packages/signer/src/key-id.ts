import { base64url, calculateJwkThumbprint, exportSPKI, importJWK } from 'jose'
import { type Jwk, usualAlgorithm } from './jwk.ts'
import { decodePemBody } from './pem.ts'
import { toPublicJwk } from './to-public-jwk.ts'

/** RFC 7638 thumbprint (SHA-256) of a key; private members do not count. 43 characters. */
export async function thumbprintKeyId(jwk: Jwk): Promise<string> {
  return await calculateJwkThumbprint({ ...(jwk.kty === 'oct' ? jwk : toPublicJwk(jwk)) }, 'sha256')
}

/** SHA-256 of the key's DER SubjectPublicKeyInfo, base64url: what Axway calls the JWT Key ID. 43 characters. */
export async function spkiKeyId(jwk: Jwk): Promise<string> {
  const algorithm = usualAlgorithm(jwk)
  const key = await importJWK({ ...toPublicJwk(jwk) }, ...(algorithm === undefined ? [] : [algorithm]))
  if (key instanceof Uint8Array) throw new TypeError('a shared secret has no SubjectPublicKeyInfo')
  const der = decodePemBody(await exportSPKI(key))
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', der)))
}
