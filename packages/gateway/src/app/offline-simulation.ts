import type { RuleLocation } from '../domain/decision.ts'
import type { Reason } from '../domain/reject.ts'

/**
 * What a caller would be and be allowed to do on an API: what `jotgate simulate --json` prints. Every string is safe to
 * print. A part that was not reached, because the caller is refused before, is absent.
 */
export interface Simulation {
  readonly api: string
  /** When, in ISO 8601. */
  readonly at: string
  readonly caller: SimulatedCaller
  readonly application?: SimulatedApplication
  /** Other applications the claims come near to, the nearest first. */
  readonly closest: readonly NearApplication[]
  readonly policies?: SimulatedPolicies
  /** The request that was asked about. */
  readonly request?: SimulatedRequest
  /** Whether the request would be let through, or without one, whether nothing refuses the caller on the whole API. */
  readonly allowed: boolean
  /** What refuses first, in the order of docs/lifecycle.md. */
  readonly refusal?: Refusal
}

/** A refusal in words, as `explain` tells it. */
export interface Refusal {
  readonly reason: Reason
  readonly seen: string
  readonly wanted: string
  readonly hint: string
  /** The configuration line that asked. */
  readonly rule?: RuleLocation
}

export interface SimulatedCaller {
  /** `token`: one whose signature nobody checked; `none`: no token. */
  readonly by: 'claims' | 'token' | 'none'
  /** The issuer entry taken to vouch for the claims. */
  readonly issuer?: string
  /** In its place, the application taken to have signed them itself. */
  readonly application?: string
  /** Of those claims. */
  readonly selfAsserted?: SelfAsserted
  /** Claims that were left out and taken as a fresh token of that issuer has them. */
  readonly assumed: readonly string[]
  readonly apiKey: boolean
}

/** What an application says in a token of its own beside who it is. */
export interface SelfAsserted {
  /** Members that count for nothing. */
  readonly ignored: readonly string[]
  /** Claims that count: the API lists them in `trustSelfAsserted`. */
  readonly believed: readonly string[]
}

export interface SimulatedApplication {
  /** Whether the API asks which application is calling. */
  readonly asked: boolean
  /** Undefined: nobody; one that may not call is told with what refuses it. */
  readonly found?: FoundApplication
  readonly refusal?: Refusal
}

export interface FoundApplication {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'suspended' | 'pending'
  /** What it is known by: a claim set (`applications.shop.claims[0]`), or `API key` and its id. */
  readonly by: readonly string[]
}

export interface NearApplication {
  readonly id: string
  /** Its nearest claim set: `applications.shop.claims[0]`. */
  readonly set: string
  /** How many claims the set has, and how many of them match. */
  readonly claims: number
  readonly matching: number
  readonly mismatches: readonly { readonly claim: string; readonly words: string }[]
  /** It would be refused all the same: the API takes subscribed applications alone (`lookup: strict`). */
  readonly needsSubscription: boolean
}

export interface SimulatedPolicies {
  /** Whether the API asks for policies. */
  readonly asked: boolean
  /** `permissive`: one that lets a request through is enough; `strict`: all must. */
  readonly merge?: 'permissive' | 'strict'
  readonly granted: readonly SimulatedPolicy[]
  readonly refusal?: Refusal
}

export interface SimulatedPolicy {
  readonly id: string
  /** `claim pol`, `subscription`, `default`, `scope orders.read`. */
  readonly from: readonly string[]
  /** On this API; none: it grants nothing here. */
  readonly rights: readonly SimulatedRight[]
  readonly maxTokenAgeSeconds?: number
  /** ISO 8601. */
  readonly validUntil?: string
}

export interface SimulatedRight {
  readonly methods: readonly string[] | 'all'
  /** As the operator writes them, the API's own path included: `/orders/v1/*`. */
  readonly paths: readonly string[]
}

export interface SimulatedRequest {
  readonly method: string
  /** Normalised. */
  readonly path: string
  /** A public route: nobody is asked who is calling. */
  readonly public: boolean
}
