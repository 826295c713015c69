import { ok, type Result } from '../../domain/result.ts'
import { type KeyFault, refuseKey } from './key-fault.ts'
import { parsePem } from './parse-pem.ts'
import { type DerKey, readPublicDer } from './read-der-key.ts'

/**
 * The one public key or certificate of a PEM text (RFC 7468). Several blocks are refused: of a certificate chain only
 * the leaf may sign tokens, and which one was meant is not ours to guess.
 */
export function readPem(text: string): Result<DerKey, KeyFault> {
  const blocks = parsePem(text)
  if (blocks === undefined) return refuseKey('malformed_pem')
  if (blocks.some((block) => block.encrypted)) return refuseKey('encrypted_key')
  if (blocks.some((block) => block.label.includes('PRIVATE KEY'))) return refuseKey('private_key')
  const [block, second] = blocks
  if (second !== undefined) return refuseKey('several_keys')
  if (block?.der === undefined) return refuseKey('malformed_pem')
  switch (block.label) {
    case 'PUBLIC KEY':
      return readPublicDer(block.der, 'spki')
    case 'RSA PUBLIC KEY':
      return readPublicDer(block.der, 'pkcs1')
    case 'CERTIFICATE':
    case 'X509 CERTIFICATE':
      return ok({ kind: 'certificate', der: block.der })
    default:
      return refuseKey('unknown_form', 'PEM of another kind')
  }
}
