import type { Algorithm } from './algorithm.ts'
import type { ClaimFacts } from './claim-facts.ts'
import type { Claims, JsonObject } from './claims.ts'

/**
 * A compact JWS (RFC 7515 3.1) whose form is right and whose signature nobody checked.
 * Its claims may choose where to look (issuer, key); they never grant anything.
 */
export interface UnverifiedToken {
  /**
   * The exact bytes as received: `header.payload.signature`, base64url without padding. It may
   * be a slice that keeps its read buffer alive: whoever keeps a token (the verified-token cache) makes a flat copy.
   */
  readonly compact: string
  readonly header: JsonObject
  readonly algorithm: Algorithm
  readonly kid: string | undefined
  /** `typ` lower-cased and without its `application/` prefix; undefined when absent (RFC 7515 4.1.9). */
  readonly typ: string | undefined
  readonly claims: Claims
  /** What the rules ask of the claims on every request; as unverified as they are. */
  readonly facts: ClaimFacts
  /** Where the signing input ends in `compact`: the index of the second dot. */
  readonly signingInputLength: number
  /** Length of the decoded signature in bytes. */
  readonly signatureBytes: number
}

/** Who vouches for a token's claims (security rule S25). */
export type Voucher = 'issuer' | 'application'

declare const verified: unique symbol

/** A token somebody we trust vouches for. `proxy/steps/verify-signature` is the only place that makes one. */
export interface VerifiedToken {
  readonly [verified]: true
  readonly voucher: Voucher
  /** Id of the configured issuer entry whose key verified it, or whose introspection endpoint answered. */
  readonly issuerId: string
  /** The token's exact `iss`; everything that names a caller downstream is keyed by it (S3). */
  readonly iss: string | undefined
  readonly claims: Claims
  /** RFC 7638 thumbprint of the verifying key; undefined for an introspected token. */
  readonly keyId: string | undefined
  /** Present for JWTs; an introspected opaque token has no header. */
  readonly token: UnverifiedToken | undefined
}
