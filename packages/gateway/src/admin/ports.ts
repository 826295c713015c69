import type { Decision } from '../domain/decision.ts'
import type { DescribedRequest } from '../domain/described-request.ts'

/** What the admin port shows and does; the rooms behind it are wired by `app`. */
export interface AdminPorts {
  readonly readiness: () => Readiness
  /** Prometheus text of all workers that answer. */
  readonly metrics: () => Promise<string>
  /** Undefined: unknown, or no longer kept. */
  readonly decision: (id: string) => Promise<Decision | undefined>
  /** Judges a described request with ports that never charge. Undefined: no worker answers. */
  readonly explain: (request: DescribedRequest) => Promise<Decision | undefined>
  readonly keys: KeyPorts
  readonly configuration: () => ConfigurationView
  readonly status: () => StatusView
}

export interface Readiness {
  readonly ready: boolean
  readonly state: 'ready' | 'starting' | 'draining'
}

export interface KeyPorts {
  readonly status: () => readonly object[]
  /** The issuer's status after a fetch. Undefined: no issuer of that id fetches keys. */
  readonly refresh: (issuerId: string) => Promise<object | undefined>
  /** What it did. Undefined: no issuer of that id fetches keys. */
  readonly distrust: (issuerId: string, kid: string) => object | undefined
}

export interface ConfigurationView {
  readonly generation: number
  readonly loadedAtMs: number
  readonly file: string
  /** The document with every default filled in and every secret hidden. */
  readonly document: unknown
  readonly warnings: readonly object[]
  /** Why the last reload changed nothing; undefined: it did not fail. */
  readonly refused: { readonly atMs: number; readonly problems: readonly object[] } | undefined
}

export interface StatusView {
  readonly version: string
  readonly pid: number
  readonly startedAtMs: number
  readonly generation: number
  readonly workers: readonly { readonly number: number; readonly pid: number; readonly generation: number }[]
  readonly workersWanted: number
}
