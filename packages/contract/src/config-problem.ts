/** Something wrong with the desired configuration: the operator's to mend. */
export interface ConfigProblem {
  /** Path into the document: `apis.orders.access.issuers[0]`; empty for the document itself. */
  readonly path: string
  /** Stable code, e.g. `unknown_key`, `issuer_unknown`. */
  readonly code: string
  /** What is wrong, naming the thing and the rule. Never contains a secret. */
  readonly message: string
  /** A way out. */
  readonly hint?: string
  /** `error` refuses the configuration; `warning` (a named loosening, a lint) is logged at every start and listed by `check`. */
  readonly severity: 'error' | 'warning'
}
