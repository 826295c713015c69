import type { ConfigPath, IssuerConfig } from '@jotgate/contract'
import { type Algorithm, type AlgorithmName, expandAlgorithmName, findAlgorithm } from '../domain/algorithm.ts'
import type { KeyRecord } from '../domain/key.ts'
import type { ProblemList } from './problem-list.ts'

/** Accepted unless `algorithms` says otherwise. ES384 and ES512 cost too much to be default (S5). */
const defaultAsymmetric: readonly AlgorithmName[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const defaultHmac: readonly AlgorithmName[] = ['HS256']

/** What says with which keys somebody signs, and how. */
export type Signing = Pick<IssuerConfig, 'keys' | 'algorithms'>

/**
 * Bits of the algorithms an issuer's tokens may use: asymmetric or HMAC, never both, so that no public key can ever be
 * taken for a secret.
 */
export function issuerAlgorithms(issuer: Signing, path: ConfigPath, problems: ProblemList): number {
  const { keys } = issuer
  if (keys === undefined) return 0
  const secrets = keys.sharedSecret !== undefined
  const publics = [keys.discovery, keys.jwksUri, keys.publicKey, keys.certificate].some((key) => key !== undefined)
  if (secrets && (publics || keys.jwks !== undefined)) {
    const hint = 'make two of it, each with one kind'
    problems.error([...path, 'keys'], 'keys_mixed', 'shared secrets and public keys in one place', hint)
    return 0
  }
  if (issuer.algorithms === undefined) return bitsOf(rowsOf(secrets ? defaultHmac : defaultAsymmetric))
  const rows = rowsOf(issuer.algorithms)
  const hmac = rows.filter(({ family }) => family === 'hmac').length
  const at = [...path, 'algorithms']
  if (hmac > 0 && hmac < rows.length) {
    problems.error(at, 'algorithms_mixed', 'HMAC and asymmetric algorithms in one place', 'keep one kind')
    return 0
  }
  if (hmac > 0 ? publics : secrets) {
    const message = hmac > 0 ? 'HMAC algorithms, but public keys' : 'asymmetric algorithms, but a shared secret'
    problems.error(
      at,
      'algorithms_without_key',
      message,
      hmac > 0 ? 'give `sharedSecret`' : 'name HS256, HS384 or HS512',
    )
    return 0
  }
  return bitsOf(rows)
}

/** Reports algorithms named one by one that no key of the issuer can carry; a fetched set may carry any asymmetric one. */
export function checkAlgorithmsCarried(
  issuer: Signing,
  keys: readonly KeyRecord[],
  path: ConfigPath,
  problems: ProblemList,
): void {
  const carried = keys.reduce((bits, key) => bits | key.algorithmBits, 0)
  for (const [index, name] of (issuer.algorithms ?? []).entries()) {
    const algorithm = findAlgorithm(name)
    if (algorithm === undefined || (algorithm.bit & carried) !== 0) continue
    const hint = `leave ${name} out, or add a key for it`
    problems.error([...path, 'algorithms', index], 'algorithms_without_key', `no key here can carry ${name}`, hint)
  }
}

function rowsOf(names: Readonly<NonNullable<IssuerConfig['algorithms']>>): readonly Algorithm[] {
  return names.flatMap(expandAlgorithmName)
}

function bitsOf(rows: readonly Algorithm[]): number {
  return rows.reduce((bits, { bit }) => bits | bit, 0)
}
