import { X509Certificate } from 'node:crypto'
import { err, ok, type Result } from '../../domain/result.ts'
import { isWholeDer } from '../recognise/der.ts'
import { type CertificateFault, certificateFault } from './certificate-fault.ts'
import { pemBlocks } from './pem-blocks.ts'

/** Longer chains are somebody's bundle of roots. */
const chainLengthMax = 16

/** The certificates of a PEM text, in their order. */
export function readChain(text: string): Result<readonly X509Certificate[], CertificateFault> {
  const blocks = pemBlocks(text, 'CERTIFICATE')
  if (blocks === undefined) return err(certificateFault('malformed_chain'))
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    return err(certificateFault('private_key_in_certificate'))
  }
  if (blocks.length > chainLengthMax) return err(certificateFault('malformed_chain', `over ${chainLengthMax} blocks`))
  const chain: X509Certificate[] = []
  for (const { label, der } of blocks) {
    const certificate = label.endsWith('CERTIFICATE') && der !== undefined ? parse(der) : undefined
    if (certificate === undefined) return err(certificateFault('malformed_chain', `block ${chain.length + 1}`))
    chain.push(certificate)
  }
  return chain.length === 0 ? err(certificateFault('malformed_chain')) : ok(chain)
}

function parse(der: Buffer): X509Certificate | undefined {
  if (!isWholeDer(der)) return undefined
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

/** Where a moment lies in a certificate's validity (RFC 5280 4.1.2.5). */
export function validityAt({ validFrom, validTo }: X509Certificate, nowMs: number): 'early' | 'valid' | 'over' {
  // An unreadable date compares as false, and the certificate counts as over.
  if (!(nowMs <= Date.parse(validTo))) return 'over'
  return nowMs >= Date.parse(validFrom) ? 'valid' : 'early'
}
