import type { KeyObject, X509Certificate } from 'node:crypto'
import { err, ok, type Result } from '../../domain/result.ts'
import { type CertificateFault, type CertificateFaultCode, certificateFault } from './certificate-fault.ts'
import { certificateNames } from './certificate-names.ts'
import { readChain, validityAt } from './read-chain.ts'
import { readPrivateKey } from './read-private-key.ts'
import { hasBrokenSignature } from './signature-algorithm.ts'

/** A certificate that can be shown to callers, with its key. */
export interface ServerCertificate {
  readonly names: readonly string[]
  readonly notAfterMs: number
  readonly keyType: string
  /** PEM, normalised, the own certificate first. */
  readonly chain: string
  /** PEM (PKCS#8). */
  readonly privateKey: string
}

/** A fault and the field it is about. */
export interface FieldFault extends CertificateFault {
  readonly field: 'certificate' | 'privateKey'
}

export interface ServerCertificateRead {
  readonly certificate: ServerCertificate
  readonly warnings: readonly FieldFault[]
}

/** From here on the operator is told that a certificate ends. */
const soonMs = 14 * 24 * 3_600_000
const rsaBitsMin = 2048
const curves: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/** Reads a certificate chain and its private key and judges them at `nowMs`: every fault at once, or what is shown. */
export function readServerCertificate(
  chainText: string,
  keyText: string,
  nowMs: number,
): Result<ServerCertificateRead, readonly FieldFault[]> {
  const chain = readChain(chainText)
  const key = readPrivateKey(keyText)
  if (!chain.ok || !key.ok) {
    return err([
      ...(chain.ok ? [] : [{ ...chain.error, field: 'certificate' as const }]),
      ...(key.ok ? [] : [{ ...key.error, field: 'privateKey' as const }]),
    ])
  }
  const [leaf] = chain.value
  if (leaf === undefined) throw new Error('an empty chain was read')
  const faults = [...checkPair(leaf, chain.value, key.value), ...checkLeaf(leaf, nowMs)]
  if (faults.length > 0) return err(faults)
  const names = certificateNames(leaf.subjectAltName)
  return ok({
    certificate: {
      names,
      notAfterMs: Date.parse(leaf.validTo),
      keyType: leaf.publicKey.asymmetricKeyType ?? '',
      chain: chain.value.map(String).join(''),
      privateKey: String(key.value.export({ type: 'pkcs8', format: 'pem' })),
    },
    warnings: [
      ...warnOfEnd(leaf, nowMs),
      ...(names.length === 0 ? [about('certificate', 'certificate_without_names')] : []),
      ...warnOfIssuers(chain.value, nowMs),
    ],
  })
}

function checkPair(leaf: X509Certificate, chain: readonly X509Certificate[], key: KeyObject): readonly FieldFault[] {
  if (leaf.checkPrivateKey(key)) return []
  const code = chain.some((one) => one.checkPrivateKey(key)) ? 'leaf_not_first' : 'key_mismatch'
  return [about('certificate', code)]
}

function checkLeaf(leaf: X509Certificate, nowMs: number): readonly FieldFault[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = leaf.publicKey
  const faults: FieldFault[] = []
  const validity = validityAt(leaf, nowMs)
  if (validity === 'over') faults.push(about('certificate', 'tls_certificate_expired', `on ${leaf.validTo}`))
  if (validity === 'early') faults.push(about('certificate', 'tls_certificate_not_yet_valid', `from ${leaf.validFrom}`))
  if (hasBrokenSignature(leaf.raw)) faults.push(about('certificate', 'weak_signature'))
  const isRsa = type === 'rsa' || type === 'rsa-pss'
  const bits = details?.modulusLength ?? 0
  if (isRsa && bits < rsaBitsMin) faults.push(about('certificate', 'weak_certificate_key', `RSA with ${bits} bits`))
  else if (type === 'ec' && !curves.has(details?.namedCurve)) {
    faults.push(about('certificate', 'weak_certificate_key', `curve ${details?.namedCurve}`))
  } else if (!isRsa && type !== 'ec' && type !== 'ed25519') {
    faults.push(about('certificate', 'weak_certificate_key', `${type}`))
  }
  return faults
}

function warnOfEnd(leaf: X509Certificate, nowMs: number): readonly FieldFault[] {
  const isSoon = Date.parse(leaf.validTo) - nowMs < soonMs
  return isSoon ? [about('certificate', 'certificate_expires_soon', `on ${leaf.validTo}`)] : []
}

function warnOfIssuers(chain: readonly X509Certificate[], nowMs: number): readonly FieldFault[] {
  return chain.slice(1).flatMap((issuer, index): readonly FieldFault[] => {
    const issued = chain[index]
    const place = `certificate ${index + 2}`
    const isNext = issued?.checkIssued(issuer) === true && issued.verify(issuer.publicKey)
    // A root's signature is its own and nobody checks it.
    const isRoot = issuer.checkIssued(issuer)
    return [
      ...(isNext ? [] : [about('certificate', 'chain_order', place)]),
      ...(validityAt(issuer, nowMs) === 'valid' ? [] : [about('certificate', 'issuer_expired', place)]),
      ...(!isRoot && hasBrokenSignature(issuer.raw) ? [about('certificate', 'weak_signature', place)] : []),
    ]
  })
}

function about(field: FieldFault['field'], code: CertificateFaultCode, detail?: string): FieldFault {
  return { field, ...certificateFault(code, detail) }
}
