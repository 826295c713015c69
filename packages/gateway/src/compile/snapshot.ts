import type { ClaimRule } from '../domain/claim-rule.ts'
import type { HeaderNames } from '../domain/header-name.ts'
import type { ClaimIndex } from './claim-index.ts'
import type {
  ApiKeyPlan,
  ApiPlan,
  ApplicationPlan,
  GatewayPlan,
  IssuerPlan,
  PolicyPlan,
  RequirePlan,
  SubscriptionPlan,
} from './plan.ts'

/** Everything one request may read of the configuration: frozen, of one generation, read once (house rule 2). */
export interface Snapshot {
  readonly generation: number
  readonly gateway: GatewayPlan
  readonly issuers: readonly CompiledIssuer[]
  readonly apis: readonly CompiledApi[]
  /** By id. */
  readonly policies: ReadonlyMap<string, CompiledPolicy>
  /** Finds applications by claims. */
  readonly claimIndex: ClaimIndex
  /** Applications that sign tokens, by the exact `iss` of those. */
  readonly signers: ReadonlyMap<string, CompiledApplication>
  /** API keys by their hash. */
  readonly apiKeys: ReadonlyMap<string, RegisteredApiKey>
  /**
   * The API for a host (lower case, no port) and a normalised path: a named host wins over none, then the longest
   * prefix by whole segments.
   */
  readonly match: (host: string, path: string) => CompiledApi | undefined
}

export interface CompiledIssuer {
  /** Position in `Snapshot.issuers`: index of its counters. -1: of all applications that sign tokens, which come last. */
  readonly index: number
  readonly plan: IssuerPlan
  /** Whether `iss` (exact) is this issuer's. Undefined: the token has none. */
  readonly vouchesFor: (iss: string | undefined) => boolean
  /** Of an application that signs its own tokens: it vouches for who is calling and for nothing else (S25). */
  readonly own: { readonly applicationId: string; readonly subject: ClaimRule | undefined } | undefined
}

export interface CompiledPolicy {
  readonly plan: PolicyPlan
  /** Whether it lets this method and normalised path of an API through. */
  readonly allows: (api: ApiPlan, method: string, path: string) => boolean
}

export interface RegisteredApiKey {
  readonly application: CompiledApplication
  readonly plan: ApiKeyPlan
}

export interface CompiledApplication {
  readonly plan: ApplicationPlan
  /** By API. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionPlan>
  /** As the issuer of its own tokens; undefined: it signs none. */
  readonly signer: CompiledIssuer | undefined
}

export interface CompiledApi {
  /** Position in `Snapshot.apis`: index of its counters. */
  readonly index: number
  readonly plan: ApiPlan
  /** Length of the listen path in the normalised path, for cutting it off (`stripPath`); 0 for `/`. */
  readonly prefixLength: number
  /** Issuers accepted here; empty for a public API. */
  readonly issuers: readonly CompiledIssuer[]
  /** Bits of all algorithms any of them accepts. */
  readonly algorithmBits: number
  /** The one issuer whose tokens say this `iss`; undefined: not trusted here. */
  readonly selectIssuer: (iss: string | undefined) => CompiledIssuer | undefined
  /** Issuers asked about opaque tokens, in order of configuration. */
  readonly introspecting: readonly CompiledIssuer[]
  /** Headers filled from claims here or on another API of this snapshot: no caller's own passes, in any spelling. */
  readonly identityHeaders: HeaderNames
  /** Those, and the headers this API's tokens come in: no trailer of a request says them to the upstream. */
  readonly heldFromTrailers: HeaderNames
  /** The policies each scope adds here; undefined: scopes add none. */
  readonly scopePolicies: ReadonlyMap<string, readonly string[]> | undefined
  /** What holds for this method and normalised path, all matching routes taken together. */
  readonly accessFor: (method: string, path: string) => EffectiveAccess
}

export interface EffectiveAccess {
  readonly kind: 'public' | 'protected'
  readonly require: RequirePlan
  /** Rules of the routes that took part, for `explain`. */
  readonly routes: readonly string[]
}
