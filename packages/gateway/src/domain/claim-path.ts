/** A claim by its literal name or, when no such own member exists, by the nested path. */
export interface ClaimPath {
  readonly text: string
  readonly segments: readonly string[]
}
