import type { KeyQuality, KeyRecord } from '../domain/key.ts'
import type { Result } from '../domain/result.ts'
import type { CertificatePlan } from './plan.ts'

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

/** What is to be said about a certificate or its key. */
export interface CertificateRemark extends KeyRemark {
  readonly field: 'certificate' | 'privateKey'
}

/** A certificate with its key, fit to be shown. */
export interface GivenCertificate {
  readonly plan: CertificatePlan
  readonly warnings: readonly CertificateRemark[]
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
  /** A certificate chain and its private key, as PEM. */
  readonly readCertificate: (
    chain: string,
    privateKey: string,
  ) => Result<GivenCertificate, readonly CertificateRemark[]>
  /** Certificates of issuers, as PEM; the text without anything else. */
  readonly readAuthorities: (
    text: string,
  ) => Result<{ readonly pem: string; readonly warnings: readonly KeyRemark[] }, KeyRemark>
  /** Whether this time, in milliseconds since 1970, lies behind us. */
  readonly isPast: (ms: number) => boolean
  /** The kind of place an IP address is; undefined for a name. */
  readonly classifyAddress: (host: string) => string | undefined
  /** Why a header of this name does not pass through the gateway; undefined for one that does. */
  readonly headerClass: (name: string) => string | undefined
}
