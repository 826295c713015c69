import { algorithms } from '../../domain/algorithm.ts'
import type { KeyQuality } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import { type KeyFault, keyFault, refuseKey } from './key-fault.ts'

/**
 * RFC 7518 3.2: a secret is at least as long as the hash of every HMAC algorithm in `bits` it may be used with.
 * `allowWeakSecret` turns the fault into a warning, except for an empty secret.
 */
export function checkSecretLength(
  lengthBytes: number,
  bits: number,
  quality: KeyQuality,
): Result<readonly KeyFault[], KeyFault> {
  if (lengthBytes === 0) return refuseKey('secret_empty')
  const short = algorithms.findLast(
    ({ family, bit, hashBytes }) => family === 'hmac' && (bits & bit) !== 0 && hashBytes > lengthBytes,
  )
  if (short === undefined) return ok([])
  const detail = `${lengthBytes} bytes, ${short.name} needs ${short.hashBytes}`
  return quality.allowWeakSecret ? ok([keyFault('secret_too_short', detail)]) : refuseKey('secret_too_short', detail)
}
