import { err, ok, type Result } from '../../domain/result.ts'
import { type CertificateFault, certificateFault } from './certificate-fault.ts'
import { readChain, validityAt } from './read-chain.ts'

/** Certificates whose holders issue client certificates. */
export interface AuthoritiesRead {
  /** PEM, normalised. */
  readonly pem: string
  readonly warnings: readonly CertificateFault[]
}

/** Reads the issuers of client certificates; one that is outside its validity at `nowMs` is kept and told. */
export function readAuthorities(text: string, nowMs: number): Result<AuthoritiesRead, CertificateFault> {
  const read = readChain(text)
  if (!read.ok) return read
  const leaf = read.value.findIndex(({ ca }) => !ca)
  if (leaf !== -1) return err(certificateFault('not_an_authority', `certificate ${leaf + 1}`))
  return ok({
    pem: read.value.map(String).join(''),
    warnings: read.value.flatMap((certificate, index) =>
      validityAt(certificate, nowMs) === 'valid'
        ? []
        : [certificateFault('issuer_expired', `certificate ${index + 1}`)],
    ),
  })
}
