import type { ClaimPath } from '../domain/claim-path.ts'
import type { ClaimRule, Scalar } from '../domain/claim-rule.ts'
import type { IssuerMatch } from '../domain/issuer-match.ts'
import type { KeyQuality, KeyRecord } from '../domain/key.ts'

/**
 * What `compile` makes of the configuration: plain, frozen data without secrets a worker does not need.
 * Plans travel from control to workers; `assemble` turns them into a `Snapshot`. Times are in seconds where a
 * token is judged and in milliseconds (`…Ms`) where something is waited for. `rule` names a configuration path.
 */

/** One thing of the configuration, with the hash of its plan: what did not change is neither sent nor built again. */
export type ConfigObject =
  | { readonly kind: 'gateway'; readonly id: 'gateway'; readonly hash: string; readonly plan: GatewayPlan }
  | { readonly kind: 'listener'; readonly id: string; readonly hash: string; readonly plan: ListenerPlan }
  | { readonly kind: 'issuer'; readonly id: string; readonly hash: string; readonly plan: IssuerPlan }
  | { readonly kind: 'policy'; readonly id: string; readonly hash: string; readonly plan: PolicyPlan }
  | { readonly kind: 'application'; readonly id: string; readonly hash: string; readonly plan: ApplicationPlan }
  | { readonly kind: 'api'; readonly id: string; readonly hash: string; readonly plan: ApiPlan }

/** What `compile` yields: objects for everybody, and the sources that only control talks to. */
export interface CompiledConfig {
  readonly objects: readonly ConfigObject[]
  readonly keySources: readonly KeySourcePlan[]
  readonly introspections: readonly IntrospectionPlan[]
}

export interface GatewayPlan {
  /** What callers of each listener see, scheme and host, by the listener's position; null, as it travels: not said. */
  readonly publicUrls: readonly (string | null)[]
  readonly trustedProxies: readonly string[]
  /** Failed signature checks a second, over all workers of the node; 0 is off. */
  readonly failuresPerAddress: number
  readonly failuresPerIssuer: number
  readonly traceAccepted: boolean
  /** The name in `Via`; undefined: this installation's own. */
  readonly via: string | undefined
  /** Which forwarding headers of a trusted proxy are read. */
  readonly trustedProxyHeaders: 'x-forwarded' | 'rfc7239'
  readonly limits: LimitsPlan
}

/** How many callers, and how slow ones, a node puts up with (S15). */
export interface LimitsPlan {
  /** Over all workers of the node. */
  readonly connections: number
  readonly connectionsPerAddress: number
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly bytesPerSecond: number
  /** Time over which the speed is looked at. */
  readonly slowAfterMs: number
}

/** What a TLS listener shows and asks for. Holds private keys: workers get it, no snapshot does. */
export interface ListenerPlan {
  /** Position in `gateway.listeners`. */
  readonly listener: number
  readonly certificates: readonly CertificatePlan[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly clientCertificate: 'none' | 'request' | 'require'
  /** PEM. */
  readonly clientCa: string | undefined
  readonly http2: boolean
}

export interface CertificatePlan {
  /** DNS names it is for, lower case, wildcards as `*.example.com`. */
  readonly names: readonly string[]
  /** When it ends. */
  readonly notAfterMs: number
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`. */
  readonly keyType: string
  /** PEM, the own certificate first. */
  readonly chain: string
  /** PEM. */
  readonly privateKey: string
}

export interface IssuerPlan {
  readonly id: string
  readonly rule: string
  readonly match: IssuerMatch
  /** How tokens of this issuer are trusted: by key, by asking the provider, or (for opaque ones) both. */
  readonly trust: 'keys' | 'introspection' | 'both'
  /** Bits of `Algorithm.bit`. */
  readonly algorithmBits: number
  /** Keys written in the configuration. */
  readonly keys: readonly KeyRecord[]
  /** Whether control also fetches key sets for this issuer. */
  readonly remoteKeys: boolean
  readonly introspection: { readonly timeoutMs: number } | undefined
  /** One must be in `aud`; undefined: any audience (`anyAudience`, or audiences named on the API). */
  readonly audiences: readonly string[] | undefined
  readonly iatSkewSeconds: number
  readonly nbfSkewSeconds: number
  readonly expSkewSeconds: number
  readonly requireExp: boolean
  readonly maxLifetimeSeconds: number | undefined
  readonly requireClaims: readonly ClaimPath[]
  readonly accept: 'accessToken' | 'rfc9068' | 'idToken'
}

/** Where control fetches an issuer's keys (RFC 7517 section 5), and what it accepts there. */
export interface KeySourcePlan {
  readonly issuerId: string
  readonly rule: string
  /** JWKS URLs, or the metadata document that names one (OIDC discovery, RFC 8414). */
  readonly jwksUris: readonly string[]
  readonly discovery: { readonly url: string; readonly issuer: string } | undefined
  readonly ttlMs: number
  readonly cooldownMs: number
  readonly maxStaleMs: number
  readonly timeoutMs: number
  readonly allowInsecureHttp: boolean
  /** Networks that a URL learnt from the metadata document may lie in although they are private. */
  readonly allowPrivate: readonly string[]
  readonly quality: KeyQuality
}

export interface IntrospectionPlan {
  readonly issuerId: string
  readonly rule: string
  readonly endpoint: string
  readonly clientId: string
  readonly clientSecret: string
  readonly timeoutMs: number
  readonly cacheMs: number
  readonly negativeCacheMs: number
  readonly allowInsecureHttp: boolean
}

export type TokenPlace =
  | {
      readonly kind: 'header' /** lower case */
      readonly name: string /** lower case */
      readonly scheme: string | undefined
    }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string; readonly origins: readonly string[] }

/** What a token must satisfy beyond its issuer's own terms. Lists add up: all of them hold. */
export interface RequirePlan {
  readonly audiences: readonly { readonly oneOf: readonly string[]; readonly rule: string }[]
  readonly claims: readonly ClaimRule[]
  readonly scopes: readonly {
    readonly claim: ClaimPath
    readonly any: readonly string[] | undefined
    readonly all: readonly string[] | undefined
    readonly rule: string
  }[]
}

export interface ForwardedClaimPlan {
  readonly path: ClaimPath
  /** As written by the operator; compared lower-cased. */
  readonly header: string
  readonly unprintable: 'encode' | 'refuse'
  readonly rule: string
}

/** A header filled from the application's registration. */
export interface ForwardedFactPlan {
  /** As written by the operator; compared lower-cased. */
  readonly header: string
  readonly fact: 'id' | 'name' | 'owner' | 'metadata'
  /** Which of the metadata. */
  readonly name: string
}

export interface TargetPlan {
  /** `h2`: HTTP/2 over TLS; `h2c`: HTTP/2 over TCP, with prior knowledge (RFC 9113 3.3); else HTTP/1.1. */
  readonly kind: 'tcp' | 'tls' | 'unix' | 'h2' | 'h2c'
  /** Host name or address; for `unix` the socket's path. */
  readonly host: string
  readonly port: number
  /** What the Host header carries when `host: target`. */
  readonly authority: string
}

/** When a target that fails is passed over. */
export interface HealthPlan {
  /** Faulty answers in a row. */
  readonly failures: number
  readonly ejectMs: number
  readonly ejectMsMax: number
}

/** How TLS targets are verified and what they are shown. Holds a private key: it is in no log and no answer. */
export interface UpstreamTlsPlan {
  /** PEM, in place of Node's own roots. */
  readonly ca: string | undefined
  /** In place of the target's host. */
  readonly serverName: string | undefined
  /** PEM, the own certificate first. */
  readonly clientCertificate: { readonly chain: string; readonly privateKey: string } | undefined
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface UpstreamPlan {
  /** Stable id of the pool: survives reloads that did not touch it. */
  readonly id: string
  readonly rule: string
  readonly targets: readonly TargetPlan[]
  readonly host: 'target' | 'caller'
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  /** Longest silence of an event stream. */
  readonly streamIdleTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly connectionsMax: number
  /** In flight per target and worker. */
  readonly requestsMax: number
  readonly waitingMax: number
  readonly balance: 'leastConnections' | 'roundRobin'
  readonly health: HealthPlan
  readonly tls: UpstreamTlsPlan | undefined
}

/** Paths below an API's own. */
export interface PathPattern {
  /** Literal segments, `*` for one whole segment. */
  readonly segments: readonly string[]
  /** The pattern ended in `*`: any rest matches, none too. */
  readonly rest: boolean
}

/** What a caller who has it may do. */
export interface PolicyPlan {
  readonly id: string
  readonly rule: string
  readonly access: readonly RightPlan[]
  readonly maxTokenAgeSeconds: number | undefined
  /** It grants nothing from then on. */
  readonly validUntilMs: number | undefined
}

export interface RightPlan {
  readonly apiId: string
  readonly methods: readonly string[] | undefined
  /** Undefined: every path. */
  readonly paths: readonly PathPattern[] | undefined
}

/** Who calls. */
export interface ApplicationPlan {
  readonly id: string
  readonly rule: string
  readonly name: string
  readonly owner: string | undefined
  readonly status: 'active' | 'suspended' | 'pending'
  readonly metadata: readonly (readonly [name: string, value: string])[]
  readonly claimSets: readonly ClaimSetPlan[]
  /** On what terms tokens are taken that it signed itself; undefined: none are. */
  readonly tokens: OwnTokensPlan | undefined
  readonly apiKeys: readonly ApiKeyPlan[]
  readonly subscriptions: readonly SubscriptionPlan[]
}

/** An application as the issuer of its own tokens, which vouch for who is calling and for nothing else (S25). */
export interface OwnTokensPlan {
  readonly issuer: IssuerPlan
  /** Undefined: `sub` is not looked at. */
  readonly subject: ClaimRule | undefined
}

/** An API key an application is known by; the key itself is nowhere. */
export interface ApiKeyPlan {
  readonly id: string
  readonly rule: string
  /** `hmac-sha256:` and the base64url of its keyed hash. */
  readonly hash: string
  readonly validUntilMs: number | undefined
}

/** Claims an application is known by: all of them. */
export interface ClaimSetPlan {
  readonly rule: string
  /** Undefined: of whatever issuer an API trusts. */
  readonly issuerId: string | undefined
  /** In order of name. */
  readonly match: readonly { readonly path: ClaimPath; readonly value: Scalar }[]
}

export interface SubscriptionPlan {
  readonly apiId: string
  /** None: the API's defaults. */
  readonly policies: readonly string[]
}

/** How callers' applications are found. */
export interface IdentifyPlan {
  readonly rule: string
  /** Those subscribed to the API; any that is registered; or none at all, too. */
  readonly lookup: 'strict' | 'open' | 'relax'
  readonly byClaims: boolean
  /** Whether tokens count that applications signed themselves. */
  readonly byOwnTokens: boolean
  /** Undefined: no API key is looked for. */
  readonly apiKey: ApiKeyPlace | undefined
  readonly connector: 'or' | 'and'
  readonly allowAnonymous: boolean
}

/** Where API keys are; a header's name in lower case. */
export interface ApiKeyPlace {
  readonly kind: 'header' | 'query'
  readonly name: string
}

/** Which policies a caller of an API has. */
export interface GrantsPlan {
  readonly rule: string
  /** Undefined: no claim names policies. */
  readonly claim: ClaimPath | undefined
  readonly defaults: readonly string[]
  readonly merge: 'permissive' | 'strict'
  readonly scopes: ScopePoliciesPlan | undefined
}

export interface ScopePoliciesPlan {
  readonly rule: string
  readonly claim: ClaimPath
  /** Each scope with the policies it adds. */
  readonly policies: readonly (readonly [scope: string, policyIds: readonly string[]])[]
  readonly keepDefaults: boolean
}

export interface RoutePlan extends PathPattern {
  readonly rule: string
  readonly methods: readonly string[] | undefined
  readonly access: 'public' | 'inherit'
  readonly require: RequirePlan
  readonly override: boolean
}

/** Which pages of other sites may call an API (Fetch, CORS protocol; security rule S18). */
export interface CorsPlan {
  readonly rule: string
  readonly origins: readonly string[] | 'any'
  readonly methods: readonly string[]
  /** Lower case. */
  readonly headers: readonly string[] | 'any'
  /** The value of `Access-Control-Expose-Headers`. */
  readonly expose: string
  readonly credentials: boolean
  readonly maxAgeSeconds: number
}

/** How an upstream is told where a request came from. */
export type ForwardedForm = 'x-forwarded' | 'rfc7239' | 'both' | 'none'

export interface ApiPlan {
  readonly id: string
  readonly rule: string
  readonly host: string | undefined
  /** The listen path's segments; none for `/`. */
  readonly segments: readonly string[]
  readonly stripPath: boolean
  /** Bits of `PathForm` this API opts into. */
  readonly pathForms: number
  readonly methods: readonly string[]
  /** Undefined: any size. */
  readonly bodyBytesMax: number | undefined
  readonly access:
    | { readonly kind: 'public' }
    | {
        readonly kind: 'protected'
        readonly tokenPlaces: readonly TokenPlace[]
        readonly tokenBytesMax: number
        readonly issuerIds: readonly string[]
        readonly require: RequirePlan
        /** Claims believed of tokens that applications signed themselves. */
        readonly trustSelfAsserted: readonly ClaimPath[]
        /** Undefined: nobody asks which application is calling. */
        readonly identify: IdentifyPlan | undefined
        /** Undefined: whoever has a good token may call everything. */
        readonly grants: GrantsPlan | undefined
      }
  readonly routes: readonly RoutePlan[]
  readonly forward: {
    readonly token: 'keep' | 'drop'
    readonly claims: readonly ForwardedClaimPlan[]
    readonly application: readonly ForwardedFactPlan[]
  }
  /** Override and look-alike headers that pass here (S12), lower case. */
  readonly allowHeaders: readonly string[]
  readonly forwarded: ForwardedForm
  readonly cors: CorsPlan | undefined
  /** Undefined: no request becomes a WebSocket here. */
  readonly websocket: { readonly idleTimeoutMs: number } | undefined
  /** An answer that is no event stream ends with its token too. */
  readonly cutAtExpiry: boolean
  readonly upstream: UpstreamPlan
}
