import type { ClaimPath } from './claim-path.ts'

export type Scalar = string | number | boolean

/** One custom rule over a claim; every condition present must hold. Never a regular expression. */
export interface ClaimRule {
  readonly path: ClaimPath
  /** The configuration line that asked for it. */
  readonly rule: string
  readonly equals: Scalar | undefined
  readonly oneOf: readonly Scalar[] | undefined
  readonly contains: Scalar | undefined
  readonly any: readonly Scalar[] | undefined
  readonly all: readonly Scalar[] | undefined
  readonly min: number | undefined
  readonly max: number | undefined
}
