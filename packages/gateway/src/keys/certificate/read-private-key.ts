import { createPrivateKey, type KeyObject } from 'node:crypto'
import { err, ok, type Result } from '../../domain/result.ts'
import { type CertificateFault, certificateFault } from './certificate-fault.ts'
import { pemBlocks } from './pem-blocks.ts'

const forms: { readonly [label: string]: 'pkcs8' | 'pkcs1' | 'sec1' } = {
  'PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
}

/** The one private key of a PEM text (PKCS#8, PKCS#1, SEC 1), not encrypted. */
export function readPrivateKey(text: string): Result<KeyObject, CertificateFault> {
  const blocks = pemBlocks(text, 'PRIVATE KEY')?.filter(({ label }) => label !== 'EC PARAMETERS')
  if (blocks === undefined) return refuse('malformed_private_key')
  if (blocks.some(({ encrypted }) => encrypted)) return refuse('encrypted_private_key')
  if (blocks.some(({ label }) => label.endsWith('CERTIFICATE'))) return refuse('certificate_in_private_key')
  if (blocks.some(({ label }) => label.endsWith('PUBLIC KEY'))) return refuse('public_key_in_private_key')
  const [block, second] = blocks
  const type = block === undefined ? undefined : forms[block.label]
  if (block?.der === undefined || type === undefined || second !== undefined) return refuse('malformed_private_key')
  try {
    return ok(createPrivateKey({ key: block.der, format: 'der', type }))
  } catch {
    return refuse('malformed_private_key')
  }
}

function refuse(code: CertificateFault['code']): Result<never, CertificateFault> {
  return err(certificateFault(code))
}
