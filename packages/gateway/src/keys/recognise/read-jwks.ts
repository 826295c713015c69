import type { KeyQuality, KeyRecord } from '../../domain/key.ts'
import { ok, type Result } from '../../domain/result.ts'
import { resolveKids } from '../resolve-kids.ts'
import type { JwkMembers } from './check-key-quality.ts'
import { type KeyFault, type KeyFaultCode, keyFault, refuseKey } from './key-fault.ts'
import { isPrivateJwk, isSecretJwk, readJwk } from './read-jwk.ts'

/** Something to say about one key of a set. */
export interface KeyProblem {
  /** Position in the set's list. */
  readonly index: number
  readonly kid?: string
  readonly code: KeyFaultCode
  readonly message: string
}

/** The keys of a set that can be used. */
export interface ReadKeys {
  readonly keys: readonly KeyRecord[]
  /** Keys that are not used, and why. */
  readonly problems: readonly KeyProblem[]
  /** Keys that are used although weak, because a named loosening says so. */
  readonly warnings: readonly KeyProblem[]
}

const keysMax = 100

/**
 * Reads a JWKS (RFC 7517 5). Keys that cannot verify are skipped with a problem; private members, more than 100 keys,
 * and shared secrets in a remote set (or beside public keys) refuse the set whole. A remote set may be empty; one that
 * the operator wrote holds a usable key, or nothing could ever be trusted.
 */
export function readJwks(
  json: unknown,
  quality: KeyQuality,
  nowMs: number,
  where: 'operator' | 'remote',
): Result<ReadKeys, KeyFault> {
  const entries = isObject(json) ? json.keys : undefined
  if (!Array.isArray(entries)) return refuseKey('not_a_jwks')
  if (entries.length > keysMax) return refuseKey('too_many_keys', `${entries.length} keys`)
  const refused = checkSet(entries.filter(isObject), where)
  if (refused !== undefined) return { ok: false, error: refused }
  const read = readEntries(entries, quality, nowMs)
  if (where === 'operator' && read.keys.length === 0) return refuseKey('no_usable_key', read.problems[0]?.message)
  return ok(read)
}

function checkSet(keys: readonly JwkMembers[], where: 'operator' | 'remote'): KeyFault | undefined {
  if (keys.some((key) => !isSecretJwk(key) && isPrivateJwk(key))) return keyFault('private_key')
  const secrets = keys.filter(isSecretJwk).length
  if (secrets === 0) return undefined
  if (where === 'remote') return keyFault('secret_in_key_set')
  return secrets < keys.length ? keyFault('mixed_key_set') : undefined
}

function readEntries(entries: readonly unknown[], quality: KeyQuality, nowMs: number): ReadKeys {
  const usable: { readonly index: number; readonly record: KeyRecord }[] = []
  const problems: KeyProblem[] = []
  const warnings: KeyProblem[] = []
  for (const [index, entry] of entries.entries()) {
    const read = isObject(entry) ? readJwk(entry, quality, nowMs) : refuseKey('malformed_jwk', 'it is no object')
    const kid = isObject(entry) ? entry.kid : undefined
    if (read.ok) {
      usable.push({ index, record: read.value.record })
      warnings.push(...read.value.warnings.map((fault) => problem(index, kid, fault)))
    } else {
      problems.push(problem(index, kid, read.error))
    }
  }
  // A damaged key still claims its kid: which of the two was meant cannot be told.
  const damaged = problems
    .filter(({ code }) => code === 'malformed_jwk')
    .flatMap(({ index }) => claimOf(entries[index]))
  const clear = usable.filter(({ index }) => !claimOf(entries[index]).some((claim) => damaged.includes(claim)))
  const keys = resolveKids(clear.map(({ record }) => record))
  for (const { index, record } of usable) {
    if (!keys.some((key) => isSame(key, record))) problems.push(problem(index, record.kid, keyFault('duplicate_kid')))
  }
  return { keys, problems, warnings }
}

/** Type and kid of an entry, as text; nothing when it has no kid. */
function claimOf(entry: unknown): readonly string[] {
  return isObject(entry) && typeof entry.kid === 'string' ? [JSON.stringify([entry.kty, entry.kid])] : []
}

function isSame(one: KeyRecord, other: KeyRecord): boolean {
  return one.thumbprint === other.thumbprint && one.kid === other.kid
}

function problem(index: number, kid: unknown, fault: KeyFault): KeyProblem {
  const { code, message } = fault
  return typeof kid === 'string' ? { index, kid, code, message } : { index, code, message }
}

function isObject(value: unknown): value is JwkMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
