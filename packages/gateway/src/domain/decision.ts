/** How one request ended, in words: made only when somebody asks (hot-path rule 6). */
export interface Decision {
  /** 128 random bits and the worker's number: `<32 hex>-<n>`. */
  readonly id: string
  readonly atMs: number
  readonly outcome: 'forwarded' | 'answered' | 'refused' | 'failed'
  readonly status: number
  readonly method: string
  /** The normalised path; never the query. */
  readonly path: string
  readonly api: string | undefined
  /** The application that was found calling, by id. */
  readonly application: string | undefined
  readonly generation: number
  readonly reason: string | undefined
  readonly checks: readonly Check[]
  /** What the failing check saw, and what it wanted. */
  readonly seen: string | undefined
  readonly wanted: string | undefined
  /** What usually helps. */
  readonly hint: string | undefined
  /** What is worth knowing of the request beside its verdict. */
  readonly notes?: readonly string[]
  /** The configuration line that asked for the failing check. */
  readonly rule: RuleLocation | undefined
  readonly token: TokenSummary | undefined
}

export interface Check {
  /** A step of docs/lifecycle.md. */
  readonly step: string
  readonly verdict: 'passed' | 'failed' | 'not reached' | 'skipped'
}

export interface RuleLocation {
  /** e.g. `apis.orders.access.require.audiences` */
  readonly path: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

/** What may be shown of a token (S23): registered claims in clear, others as type and length. Never its bytes. */
export interface TokenSummary {
  readonly signatureChecked: boolean
  readonly header: { readonly [name: string]: string }
  readonly claims: { readonly [name: string]: string }
}
