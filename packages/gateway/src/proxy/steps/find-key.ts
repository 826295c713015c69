import type { CompiledIssuer } from '../../compile/snapshot.ts'
import type { KeyRecord } from '../../domain/key.ts'
import type { Reject } from '../../domain/reject.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { UnverifiedToken } from '../../domain/token.ts'
import { candidatesMax, type KeyIndex } from '../../keys/key-index.ts'
import type { KeySet } from '../../keys/key-set.ts'

/** Where keys are looked up: those of the configuration, and those control fetched. */
export interface FindKeyPorts {
  /** The index of an issuer's configured keys (`keys/index-once`). */
  readonly indexOf: (keys: readonly KeyRecord[]) => KeyIndex
  readonly remote: {
    readonly get: (issuerId: string) => { readonly set: KeySet; readonly index: KeyIndex } | undefined
    /** Waits, bounded, for control to fetch again. `explain` passes one that does nothing. */
    readonly refetch: (issuerId: string, kid: string | undefined) => Promise<void>
  }
}

type FoundKeys = Result<readonly KeyRecord[], Reject>

/**
 * Step 7: the keys that may verify this token, never from the token itself. Synchronous whenever there is one; only a
 * kid nobody knows, or an issuer whose keys were never fetched, waits for control (S7).
 */
export function findKey(
  token: UnverifiedToken,
  issuer: CompiledIssuer,
  ports: FindKeyPorts,
): FoundKeys | Promise<FoundKeys> {
  const keys = usableKeys(token, issuer, ports)
  if (keys.length > 0) return ok(keys)
  const { plan } = issuer
  if (!plan.remoteKeys) return err({ reason: 'key_unknown', kid: token.kid, rule: `${plan.rule}.keys` })
  if (isUsable(issuer, ports) && token.kid === undefined) return refuse(token, issuer, ports)
  return ports.remote.refetch(plan.id, token.kid).then(() => {
    const late = usableKeys(token, issuer, ports)
    return late.length > 0 ? ok(late) : refuse(token, issuer, ports)
  })
}

/** The keys that may verify a token now, best first: those configured and those fetched, one namespace. */
export function usableKeys(token: UnverifiedToken, issuer: CompiledIssuer, ports: FindKeyPorts): readonly KeyRecord[] {
  const { plan } = issuer
  const configured = ports.indexOf(plan.keys).select(token.algorithm, token.kid)
  if (!plan.remoteKeys) return configured
  const remote = ports.remote.get(plan.id)
  if (remote === undefined || remote.set.status === 'unavailable') return configured
  const fetched = remote.index.select(token.algorithm, token.kid)
  if (configured.length === 0) return fetched
  return fetched.length === 0 ? configured : joinKeys(configured, fetched, token.kid)
}

/** Both sources are one namespace (S4): different keys that declare the token's kid are in conflict, none is used. */
function joinKeys(
  configured: readonly KeyRecord[],
  fetched: readonly KeyRecord[],
  kid: string | undefined,
): readonly KeyRecord[] {
  const joined = [
    ...configured,
    ...fetched.filter((key) => !configured.some((own) => own.thumbprint === key.thumbprint)),
  ]
  const declared = kid === undefined ? 0 : joined.filter((key) => key.kid === kid).length
  const usable = declared < 2 ? joined : joined.filter((key) => key.kid !== kid)
  if (usable.length <= candidatesMax) return usable
  return kid === undefined ? [] : usable.filter((key) => key.kid === kid || key.aliases.includes(kid))
}

/** An unknown key is the caller's fault only while there are keys to compare with (S7: an empty set is an outage). */
function refuse(token: UnverifiedToken, issuer: CompiledIssuer, ports: FindKeyPorts): FoundKeys {
  const { plan } = issuer
  const rule = `${plan.rule}.keys`
  return isUsable(issuer, ports)
    ? err({ reason: 'key_unknown', kid: token.kid, rule })
    : err({ reason: 'keys_unavailable', issuerId: plan.id, rule })
}

function isUsable(issuer: CompiledIssuer, ports: FindKeyPorts): boolean {
  const remote = ports.remote.get(issuer.plan.id)
  return remote !== undefined && remote.set.status !== 'unavailable' && remote.set.keys.length > 0
}
