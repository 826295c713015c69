import type { KeyRecord, KeySetStatus } from '../domain/key.ts'

/** The keys of one issuer at one time. Content changes make a new generation; a refetch of the same keys does not. */
export interface KeySet {
  readonly issuerId: string
  readonly generation: number
  readonly status: KeySetStatus
  readonly keys: readonly KeyRecord[]
}
