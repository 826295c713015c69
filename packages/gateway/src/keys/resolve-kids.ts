import type { KeyRecord } from '../domain/key.ts'

/**
 * Security rule S4: two usable keys of one type under one kid are both dropped. The same key twice is one key, which
 * may verify what either entry said. Order is kept.
 */
export function resolveKids(records: readonly KeyRecord[]): readonly KeyRecord[] {
  const merged = new Map<string, KeyRecord>()
  const owners = new Map<string, string>()
  const conflicts = new Set<string>()
  for (const record of records) {
    const slot = `${record.thumbprint} ${JSON.stringify([record.kid, record.issuer])}`
    const twin = merged.get(slot)
    merged.set(slot, twin === undefined ? record : widen(twin, record.algorithmBits))
    const claim = claimOf(record)
    if (claim === undefined) continue
    const owner = owners.get(claim)
    if (owner === undefined) owners.set(claim, record.thumbprint)
    else if (owner !== record.thumbprint) conflicts.add(claim)
  }
  return [...merged.values()].filter((record) => !conflicts.has(claimOf(record) ?? ''))
}

/** Key type and declared kid; undefined for a key that declares none. */
function claimOf(record: KeyRecord): string | undefined {
  if (record.kid === undefined) return undefined
  return `${record.kind === 'secret' ? 'oct' : record.jwk.kty} ${record.kid}`
}

function widen(record: KeyRecord, bits: number): KeyRecord {
  return (record.algorithmBits | bits) === record.algorithmBits
    ? record
    : { ...record, algorithmBits: record.algorithmBits | bits }
}
