import type { ConfigPath, IssuerConfig, IssuerKeysConfig } from '@jotgate/contract'
import type { KeyQuality, KeyRecord } from '../domain/key.ts'
import type { Result } from '../domain/result.ts'
import type { CompilePorts, GivenKeys, KeyRemark } from './compile-ports.ts'
import type { ProblemList } from './problem-list.ts'

/** Which weaker keys this issuer takes by name. */
export function keyQuality(issuer: IssuerConfig, algorithmBits: number): KeyQuality {
  return {
    algorithmBits,
    allowWeakSecret: issuer.allowWeakSecret,
    allowSampleKey: issuer.allowSampleKey,
    allowExpiredCertificate: issuer.allowExpiredCertificate,
    allowSmallExponent: issuer.allowSmallExponent,
    allowLargeRsa: issuer.allowLargeRsa,
  }
}

/** Every key written in the configuration; undefined when one of them could not be read, which is then reported. */
export function issuerKeys(
  keys: IssuerKeysConfig,
  quality: KeyQuality,
  path: ConfigPath,
  ports: CompilePorts,
  problems: ProblemList,
): readonly KeyRecord[] | undefined {
  const reads: (readonly [ConfigPath, Result<GivenKeys, KeyRemark>])[] = []
  for (const field of ['publicKey', 'certificate'] as const) {
    for (const [at, given] of listed(keys[field], [...path, field])) {
      const { key, kid } = typeof given === 'string' ? { key: given, kid: undefined } : given
      reads.push([at, ports.readKeys(key, kid, quality)])
    }
  }
  for (const [at, given] of listed(keys.sharedSecret, [...path, 'sharedSecret'])) {
    const { secret, encoding, kid } =
      typeof given === 'string' ? { secret: given, encoding: 'utf8' as const, kid: undefined } : given
    reads.push([at, ports.readSecret(secret, encoding, kid, quality)])
  }
  if (keys.jwks !== undefined) reads.push([[...path, 'jwks'], ports.readJwks(keys.jwks, quality)])

  for (const [at, read] of reads) {
    if (!read.ok) problems.error(at, read.error.code, read.error.message, read.error.hint)
    else for (const { code, message, hint } of read.value.warnings) problems.warn(at, code, message, hint)
  }
  checkKids(reads, problems)
  const failed = reads.some(([, read]) => !read.ok)
  return failed ? undefined : reads.flatMap(([, read]) => (read.ok ? read.value.keys : []))
}

/** S4: different keys of one type under one kid would both stay unused. Inside one JWKS its reader sees to that. */
function checkKids(
  reads: readonly (readonly [ConfigPath, Result<GivenKeys, KeyRemark>])[],
  problems: ProblemList,
): void {
  const owners = new Map<string, string>()
  for (const [at, read] of reads) {
    for (const key of read.ok ? read.value.keys : []) {
      if (key.kid === undefined) continue
      const claim = JSON.stringify([key.kind === 'public' ? key.jwk.kty : 'oct', key.kid])
      const owner = owners.get(claim)
      if (owner === undefined) owners.set(claim, key.thumbprint)
      else if (owner !== key.thumbprint) {
        const message = 'another key of this type has the same `kid`: neither would be used'
        problems.error(at, 'duplicate_kid', message, 'give each key its own `kid`')
      }
    }
  }
}

/** One thing or a list of them, each with its path. */
export function listed<T>(
  given: T | readonly T[] | undefined,
  path: ConfigPath,
): readonly (readonly [ConfigPath, T])[] {
  if (given === undefined) return []
  if (isList(given)) return given.map((item, index) => [[...path, index], item])
  return [[path, given]]
}

function isList<T>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given)
}
