/** What a generator sent and got. */
export interface Load {
  /** Answered. */
  readonly requests: number
  readonly seconds: number
  /** Answers with status 400 and above. */
  readonly notOk: number
  /** Anything that is not an answer. */
  readonly errors: number
  /** TLS handshakes that went on from an earlier one; undefined where nobody counted. */
  readonly resumed?: number
}
