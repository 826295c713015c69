import type { CompiledPolicy } from '../compile/snapshot.ts'

/** The policies a caller has on an API. `steps/resolve-policy` is the only place that makes one. */
export interface Grant {
  /** In order of id; at least one. */
  readonly policies: readonly CompiledPolicy[]
  /** Whether one of them is enough to let a request through, or all of them must. */
  readonly merge: 'permissive' | 'strict'
  /** The configuration line that asked for policies. */
  readonly rule: string
}
