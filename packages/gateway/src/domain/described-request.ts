/** A request that somebody described, to be judged by the engine but never forwarded. */
export interface DescribedRequest {
  readonly method: string
  /** Origin form: path and query. */
  readonly target: string
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
  /** The address it is supposed to come from. */
  readonly peer: string
}
