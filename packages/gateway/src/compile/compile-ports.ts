import type { KeyQuality, KeyRecord } from '../domain/key.ts'
import type { Result } from '../domain/result.ts'

/** What is to be said about a key. Never holds a byte of it. */
export interface KeyRemark {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** Keys that one field of the configuration held, and what named loosenings let pass or was left out. */
export interface GivenKeys {
  readonly keys: readonly KeyRecord[]
  readonly warnings: readonly KeyRemark[]
}

/** What compiling needs and may not do itself: reading keys, addresses and header names. */
export interface CompilePorts {
  /** A public key in any form. */
  readonly readKeys: (text: string, kid: string | undefined, quality: KeyQuality) => Result<GivenKeys, KeyRemark>
  readonly readSecret: (
    text: string,
    encoding: 'utf8' | 'base64' | 'base64url' | 'hex',
    kid: string | undefined,
    quality: KeyQuality,
  ) => Result<GivenKeys, KeyRemark>
  /** A JWKS as JSON text or as data. */
  readonly readJwks: (given: string | object, quality: KeyQuality) => Result<GivenKeys, KeyRemark>
  /** The kind of place an IP address is; undefined for a name. */
  readonly classifyAddress: (host: string) => string | undefined
  /** Why a header of this name does not pass through the gateway; undefined for one that does. */
  readonly headerClass: (name: string) => string | undefined
}
