import { exportPKCS8, exportSPKI, importJWK } from 'jose'
import { isPrivateJwk, type Jwk, usualAlgorithm } from './jwk.ts'

/** A key as PEM: PKCS#8 when it is private, SPKI when it is public. Throws a TypeError for a secret. */
export async function toPem(jwk: Jwk): Promise<string> {
  const algorithm = usualAlgorithm(jwk)
  if (algorithm === undefined || jwk.kty === 'oct') throw new TypeError('a key of this type has no PEM form')
  const { alg: _, ...members } = jwk
  const key = await importJWK({ ...members }, algorithm, { extractable: true })
  if (key instanceof Uint8Array) throw new TypeError('a key of this type has no PEM form')
  const pem = isPrivateJwk(jwk) ? await exportPKCS8(key) : await exportSPKI(key)
  return pem.endsWith('\n') ? pem : `${pem}\n`
}
