import { type KeyObject, X509Certificate } from 'node:crypto'
import type { KeyQuality } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import type { JwkMembers } from './check-key-quality.ts'
import { isWholeDer } from './der.ts'
import { type KeyFault, keyFault, refuseKey } from './key-fault.ts'

/** The key of a certificate, and a warning when only `allowExpiredCertificate` let it pass. */
export interface CertificateKey {
  readonly jwk: JwkMembers
  readonly warnings: readonly KeyFault[]
}

/** Reads the key out of a DER certificate and checks its validity at `nowMs`. No chain is built: it is configured trust. */
export function readCertificate(der: Buffer, quality: KeyQuality, nowMs: number): Result<CertificateKey, KeyFault> {
  const certificate = parseCertificate(der)
  if (certificate === undefined) return refuseKey('malformed_certificate')
  const jwk = keyOf(certificate)
  if (jwk === undefined) return refuseKey('unsupported_key')
  const fault = checkValidity(certificate, nowMs)
  if (fault === undefined) return ok({ jwk, warnings: [] })
  return quality.allowExpiredCertificate ? ok({ jwk, warnings: [fault] }) : { ok: false, error: fault }
}

/** The key inside a DER certificate, whatever its validity; undefined when it cannot be read. */
export function certificateKey(der: Buffer): JwkMembers | undefined {
  const certificate = parseCertificate(der)
  return certificate === undefined ? undefined : keyOf(certificate)
}

/** A public key as JWK members; undefined when no JWK can hold it (DSA, RSASSA-PSS parameters). */
export function exportJwk(key: KeyObject): JwkMembers | undefined {
  try {
    return { ...key.export({ format: 'jwk' }) }
  } catch {
    return undefined
  }
}

/** OpenSSL reads certificates of keys it does not know, and fails only when it is asked for the key. */
function keyOf(certificate: X509Certificate): JwkMembers | undefined {
  try {
    return exportJwk(certificate.publicKey)
  } catch {
    return undefined
  }
}

function parseCertificate(der: Buffer): X509Certificate | undefined {
  if (!isWholeDer(der)) return undefined
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

function checkValidity(certificate: X509Certificate, nowMs: number): KeyFault | undefined {
  const notBeforeMs = Date.parse(certificate.validFrom)
  const notAfterMs = Date.parse(certificate.validTo)
  if (!(nowMs <= notAfterMs)) return keyFault('certificate_expired', `valid until ${certificate.validTo}`)
  if (!(nowMs >= notBeforeMs)) return keyFault('certificate_not_yet_valid', `valid from ${certificate.validFrom}`)
  return undefined
}
