import { z } from 'zod'
import { objectId } from './ids.ts'
import { durationBetween, referable, size } from './scalars.ts'

/** The desired configuration: one strict document, as a file and as what the console shows. Every default stands beside its key. */

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const cidr = z
  .string()
  .regex(/^[0-9a-fA-F.:]{2,45}(\/\d{1,3})?$/, 'an address or a network in CIDR form: 10.0.0.0/8, 2001:db8::/32')

const httpUrl = z
  .string()
  .max(2048)
  .regex(
    /^https?:\/\/[^\s/?#@]+(\/[^\s#]*)?(\?[^\s#]*)?$/,
    'an http or https URL without user info and without a fragment',
  )

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'a header field name (RFC 9110 5.1)')

const claimPath = z.string().min(1).max(256).meta({
  description: 'A claim: its literal name, or a path into nested objects with dots. A literal name wins over a path.',
})

const algorithmName = z.enum([
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'rsa',
  'ecdsa',
  'eddsa',
  'hmac',
])

// --- gateway ---------------------------------------------------------------------------------------------------------

export const listener = z.strictObject({
  address: z.string().min(1).max(64).default('0.0.0.0').meta({ description: 'Address to listen on.' }),
  port: z.int().min(0).max(65535).default(8080).meta({ description: 'Port to listen on; 0 takes a free one.' }),
  publicUrl: httpUrl.optional().meta({
    description:
      "What callers see, scheme and host: used for resource metadata (RFC 9728). Never derived from a caller's Host header.",
  }),
})

export const gateway = z.strictObject({
  listeners: z.array(listener).min(1).max(1).prefault([{}]).meta({ description: 'Where the data plane listens.' }),
  admin: z
    .strictObject({
      address: z.string().min(1).max(64).default('127.0.0.1').meta({ description: 'Address of the admin port.' }),
      port: z.int().min(0).max(65535).default(8081).meta({ description: 'The admin port; 0 takes a free one.' }),
      hosts: z.array(z.string().min(1).max(253)).max(32).default([]).meta({
        description:
          'Host names accepted on the admin port beside loopback names and addresses (guards against DNS rebinding).',
      }),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      public: z
        .boolean()
        .default(false)
        .meta({ description: 'Serve /metrics on the admin port without the admin token.' }),
    })
    .prefault({}),
  trustedProxies: z.array(cidr).max(256).default([]).meta({
    description: "Peers whose X-Forwarded-For, -Proto and -Host are believed. Everybody else's are dropped.",
  }),
  verificationBudget: z
    .strictObject({
      perAddress: z.int().min(0).max(1_000_000).default(50).meta({
        description: 'Failed signature checks a second and client address (IPv6: /64) before 429; 0 switches off.',
      }),
      perIssuer: z.int().min(0).max(1_000_000).default(1000).meta({
        description: 'Failed signature checks a second and issuer before 429; 0 switches off.',
      }),
    })
    .prefault({}),
  outbound: z
    .strictObject({
      allowPrivate: z.array(cidr).max(64).default([]).meta({
        description: 'Private networks that URLs learnt from other servers (discovery documents) may name.',
      }),
    })
    .prefault({}),
  trace: z
    .strictObject({
      accepted: z
        .boolean()
        .default(false)
        .meta({ description: 'Keep decisions of forwarded requests too, in the bounded ring.' }),
    })
    .prefault({}),
})

// --- issuers ---------------------------------------------------------------------------------------------------------

const givenKey = z.union([
  referable(
    'A public key: PEM (line breaks may be missing), base64 DER, X.509 certificate, JWK or JWKS; recognised by content.',
  ),
  z.strictObject({
    key: referable('The key itself, in any of the forms.'),
    kid: z.string().min(1).max(256).optional().meta({ description: 'Declared key id: a token must then name it.' }),
  }),
])

const givenSecret = z.union([
  referable('A shared secret for HMAC, taken as UTF-8 text.'),
  z.strictObject({
    secret: referable('The shared secret.'),
    encoding: z
      .enum(['utf8', 'base64', 'base64url', 'hex'])
      .default('utf8')
      .meta({ description: 'How the text spells the bytes.' }),
    kid: z.string().min(1).max(256).optional().meta({ description: 'Declared key id: a token must then name it.' }),
  }),
])

function oneOrMore<T extends z.ZodType>(item: T) {
  return z.union([item, z.array(item).min(1).max(100)])
}

const issuerKeys = z
  .strictObject({
    discovery: z
      .union([z.literal(true), httpUrl])
      .optional()
      .meta({
        description:
          'Find the JWKS by OIDC discovery or RFC 8414: `true` starts from `issuer`, a URL names the metadata document.',
      }),
    jwksUri: oneOrMore(httpUrl).optional().meta({ description: 'URL or URLs of a JWKS.' }),
    jwks: z
      .union([referable('A JWKS as JSON text or `${file:…}`.'), z.looseObject({ keys: z.array(z.looseObject({})) })])
      .optional()
      .meta({ description: 'A JWKS, inline or from a file.' }),
    publicKey: oneOrMore(givenKey).optional().meta({ description: 'Public keys in any form.' }),
    certificate: oneOrMore(givenKey).optional().meta({ description: 'X.509 certificates; their validity is checked.' }),
    sharedSecret: oneOrMore(givenSecret)
      .optional()
      .meta({ description: 'Secrets for HMAC, at least as long as the hash.' }),
  })
  .meta({ description: 'Where the verification keys come from; several sources may be named.' })

export const issuer = z.strictObject({
  issuer: z.string().min(1).max(2048).optional().meta({
    description:
      'The exact `iss` of its tokens, or a pattern with one `{name}` that fills a whole path segment. Required unless `requireIssuer: false`.',
  }),
  requireIssuer: z.boolean().default(true).meta({
    description:
      'Loosening: `false` accepts tokens without looking at `iss`; the entry must then be alone on its APIs.',
  }),
  tenants: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/))
    .min(1)
    .max(10_000)
    .optional()
    .meta({
      description: "Values a pattern's `{name}` may take.",
    }),
  anyTenant: z.boolean().default(false).meta({ description: "Loosening: the pattern's `{name}` may take any value." }),
  tenantClaim: claimPath
    .default('tid')
    .meta({ description: "When this claim is present, it must equal the pattern's value." }),
  keys: issuerKeys.optional(),
  introspection: z
    .strictObject({
      endpoint: httpUrl.meta({ description: 'RFC 7662 introspection endpoint.' }),
      clientId: z.string().min(1).max(256).meta({ description: 'Client id Jotgate authenticates with (HTTP Basic).' }),
      clientSecret: referable('Client secret Jotgate authenticates with.'),
      timeout: durationBetween(10, 30 * second, '10ms to 30s')
        .prefault('2s')
        .meta({ description: 'Longest wait for an answer.' }),
      cache: durationBetween(0, hour, '0s to 1h').prefault('1m').meta({
        description: "Longest time an `active` answer is used again; never beyond the token's own `exp`.",
      }),
      negativeCache: durationBetween(0, minute, '0s to 1m').prefault('5s').meta({
        description: 'How long an `inactive` answer is used again.',
      }),
    })
    .optional()
    .meta({ description: 'Trust opaque tokens by asking the provider (RFC 7662).' }),
  algorithms: z.array(algorithmName).min(1).max(18).optional().meta({
    description:
      'Accepted `alg` values or families; asymmetric or HMAC, never both. Default: RS256, PS256, ES256, EdDSA and Ed25519 - or HS256 when only shared secrets are given.',
  }),
  audiences: z.array(z.string().min(1).max(2048)).min(1).max(100).optional().meta({
    description: 'Accepted `aud` values: one of them must be in the token.',
  }),
  anyAudience: z.boolean().default(false).meta({ description: 'Loosening: accept tokens for any audience.' }),
  clockSkew: z
    .strictObject({
      iat: durationBetween(0, 300 * second, '0s to 300s')
        .prefault('60s')
        .meta({ description: 'How far `iat` may lie in the future.' }),
      nbf: durationBetween(0, 300 * second, '0s to 300s')
        .prefault('30s')
        .meta({ description: 'How far `nbf` may lie in the future.' }),
      exp: durationBetween(0, 300 * second, '0s to 300s')
        .prefault('30s')
        .meta({ description: 'How long a token is still taken after `exp`.' }),
    })
    .prefault({}),
  requireExp: z.boolean().default(true).meta({ description: 'Loosening: `false` accepts tokens that never expire.' }),
  maxLifetime: durationBetween(second, 3650 * day, '1s to 3650d')
    .optional()
    .meta({
      description: 'Longest `exp` - `iat`; then both claims are required.',
    }),
  requireClaims: z.array(claimPath).max(100).default([]).meta({ description: 'Claims that must be present.' }),
  accept: z.enum(['accessToken', 'rfc9068', 'idToken']).default('accessToken').meta({
    description:
      'What kind of token: access tokens by the usual `typ` values; `rfc9068` demands `at+jwt` and its claims; `idToken` serves providers whose clients send ID tokens.',
  }),
  jwks: z
    .strictObject({
      ttl: durationBetween(second, day, '1s to 1d').prefault('10m').meta({
        description:
          'How long a fetched set is used before it is fetched again; Cache-Control may shorten it or lengthen it up to 1d.',
      }),
      cooldown: durationBetween(100, hour, '100ms to 1h').prefault('30s').meta({
        description: 'Refill time of a bucket of 4 refetches for unknown `kid`s.',
      }),
      maxStale: durationBetween(0, 30 * day, '0s to 30d')
        .prefault('24h')
        .meta({
          description: 'How long the last good set serves while fetching fails; then 503 `keys_unavailable`.',
        }),
      timeout: durationBetween(100, 30 * second, '100ms to 30s')
        .prefault('5s')
        .meta({ description: 'Longest time for one fetch.' }),
    })
    .prefault({}),
  allowWeakSecret: z
    .boolean()
    .default(false)
    .meta({ description: 'Loosening: a shared secret shorter than the hash.' }),
  allowSampleKey: z
    .boolean()
    .default(false)
    .meta({ description: 'Loosening: a key or secret known from documentation.' }),
  allowInsecureHttp: z.boolean().default(false).meta({ description: 'Loosening: fetch keys over plain http.' }),
  allowExpiredCertificate: z
    .boolean()
    .default(false)
    .meta({ description: 'Loosening: a certificate outside its validity.' }),
  allowSmallExponent: z.boolean().default(false).meta({ description: 'Loosening: RSA keys with public exponent 3.' }),
  allowLargeRsa: z
    .boolean()
    .default(false)
    .meta({ description: 'Loosening: RSA keys of 4097 to 8192 bits (slow to verify).' }),
})

// --- apis ------------------------------------------------------------------------------------------------------------

const scalar = z.union([z.string().max(2048), z.number(), z.boolean()])

const claimRule = z.strictObject({
  path: claimPath,
  equals: scalar.optional().meta({ description: 'The claim is exactly this value.' }),
  oneOf: z.array(scalar).min(1).max(1000).optional().meta({ description: 'The claim is exactly one of these values.' }),
  contains: scalar
    .optional()
    .meta({ description: 'A list that has this value, or a text that has this word between spaces.' }),
  any: z
    .array(scalar)
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'A list (or words) with at least one of these.' }),
  all: z.array(scalar).min(1).max(1000).optional().meta({ description: 'A list (or words) with all of these.' }),
  min: z.number().optional().meta({ description: 'A number not below this.' }),
  max: z.number().optional().meta({ description: 'A number not above this.' }),
})

const requirements = z.strictObject({
  audiences: z.array(z.string().min(1).max(2048)).min(1).max(100).optional().meta({
    description: 'One of these must be in `aud`, besides what the issuer asks for.',
  }),
  claims: z
    .array(z.union([claimPath, claimRule]))
    .max(100)
    .default([])
    .meta({
      description: 'Claims that must be present (a name) or satisfy every condition written (a rule).',
    }),
  scopes: z
    .strictObject({
      any: z
        .array(z.string().min(1).max(256))
        .min(1)
        .max(100)
        .optional()
        .meta({ description: 'At least one of these scopes.' }),
      all: z.array(z.string().min(1).max(256)).min(1).max(100).optional().meta({ description: 'All of these scopes.' }),
      claim: claimPath.default('scope').meta({ description: 'Where the scopes are: words between spaces, or a list.' }),
    })
    .optional(),
})

const tokenPlace = z.union([
  z.strictObject({
    header: headerName.meta({ description: 'Header that carries the token.' }),
    scheme: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/)
      .nullable()
      .optional()
      .meta({
        description: 'Scheme before the token; default `Bearer` in `authorization`, none (`null`) in any other header.',
      }),
  }),
  z.strictObject({
    query: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .meta({ description: 'Query parameter that carries the token.' }),
  }),
  z.strictObject({
    cookie: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/)
      .meta({ description: 'Cookie that carries the token.' }),
    origins: z
      .array(z.string().regex(/^https?:\/\/[^/\s]+$/))
      .max(32)
      .default([])
      .meta({
        description: 'Origins allowed to send unsafe methods with this cookie.',
      }),
  }),
])

const access = z.union([
  z.literal('public'),
  z.strictObject({
    token: z.union([tokenPlace, z.array(tokenPlace).min(1).max(8)]).prefault({ header: 'authorization' }),
    tokenBytesMax: size
      .prefault('8KiB')
      .meta({ description: 'Longest token looked at, before any parsing; at most 64KiB.' }),
    issuers: z.array(objectId).min(1).max(100).meta({ description: 'Issuers whose tokens are accepted here.' }),
    require: requirements.prefault({}),
  }),
])

const forwardedClaim = z.union([
  claimPath,
  z.strictObject({
    claim: claimPath,
    unprintable: z.enum(['encode', 'refuse']).default('encode').meta({
      description: 'A value outside printable ASCII is sent percent-encoded as UTF-8, or the request is refused.',
    }),
  }),
])

const route = z.strictObject({
  path: z
    .string()
    .regex(/^\/[^\s?#]*$/)
    .max(1024)
    .meta({
      description: "Path below the API's own: segments, `*` for one whole segment, a final `*` for any rest.",
    }),
  methods: z
    .array(z.string().regex(/^[A-Z]{1,16}$/))
    .min(1)
    .max(16)
    .optional()
    .meta({ description: 'Only these methods; default all.' }),
  access: z.literal('public').optional().meta({ description: 'Open this route; needs `override: true`.' }),
  require: requirements.optional(),
  override: z.boolean().default(false).meta({
    description: "Loosening: this route's `require` or `access` replaces what is inherited instead of adding to it.",
  }),
})

const target = z.union([
  z.string().regex(/^https?:\/\/[^\s/?#@]+\/?$/, 'scheme, host and port only: http://127.0.0.1:9000'),
  z.string().regex(/^unix:\/[^\s]{1,100}$/, 'a Unix socket: unix:/run/app.sock'),
])

export const api = z.strictObject({
  listen: z
    .strictObject({
      host: z
        .string()
        .regex(/^[a-z0-9.-]{1,253}$/)
        .optional()
        .meta({ description: 'Only requests for this host (lower case, no port).' }),
      path: z
        .string()
        .regex(/^\/[^\s?#]*$/)
        .max(1024)
        .default('/')
        .meta({
          description: 'Path prefix by whole segments: `/orders` takes `/orders` and `/orders/x`, never `/ordersx`.',
        }),
      stripPath: z.boolean().default(false).meta({ description: 'Cut the prefix off before forwarding.' }),
      allow: z
        .array(z.enum(['encodedSlash', 'emptySegments', 'parameters']))
        .max(3)
        .default([])
        .meta({
          description: 'Loosening: path forms refused by default that this upstream is known to read the same way.',
        }),
    })
    .prefault({}),
  methods: z
    .array(z.string().regex(/^[A-Z]{1,16}$/))
    .min(1)
    .max(16)
    .optional()
    .meta({
      description: 'Methods let through; default GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.',
    }),
  type: z.enum(['rest']).default('rest').meta({ description: 'Kind of API.' }),
  upstream: z.strictObject({
    targets: z.array(target).min(1).max(64).meta({ description: 'Where requests go; each healthy target in turn.' }),
    host: z
      .enum(['target', 'caller'])
      .default('target')
      .meta({ description: 'Whose authority the Host header carries.' }),
    connectTimeout: durationBetween(10, 5 * minute, '10ms to 5m')
      .prefault('5s')
      .meta({ description: 'Longest wait for a connection.' }),
    responseTimeout: durationBetween(10, hour, '10ms to 1h').prefault('30s').meta({
      description: 'Longest wait for the head of the answer, and for each next piece of its body.',
    }),
    idleTimeout: durationBetween(100, 10 * minute, '100ms to 10m')
      .prefault('4s')
      .meta({
        description: "How long an unused connection is kept; below the upstream's own limit.",
      }),
    connectionsMax: z.int().min(1).max(100_000).default(1024).meta({
      description: 'Connections per target and worker; beyond it requests wait up to connectTimeout.',
    }),
  }),
  access,
  forward: z
    .strictObject({
      token: z.enum(['keep', 'drop']).default('keep').meta({
        description: "Whether the caller's token reaches the upstream. A query token is always cut from the target.",
      }),
      claims: z.record(headerName, forwardedClaim).default({}).meta({
        description: "Headers filled from claims. A caller's own header of that name is always removed first.",
      }),
    })
    .prefault({}),
  routes: z.array(route).max(1000).default([]).meta({
    description: 'Tighter rules for parts of the API. Requirements of every matching route add up.',
  }),
})

// --- document --------------------------------------------------------------------------------------------------------

export const config = z.strictObject({
  version: z.literal(1).meta({ description: "Version of this document's shape." }),
  gateway: gateway.prefault({}),
  issuers: z.record(objectId, issuer).default({}).meta({ description: 'Who may vouch for a caller.' }),
  apis: z
    .record(objectId, api)
    .meta({ description: 'What is protected. `apis: {}` says in so many words that nothing is.' }),
})

/** The document as an operator writes it. */
export type ConfigInput = z.input<typeof config>
/** The document with every default filled in; durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof config>
export type GatewayConfig = z.output<typeof gateway>
export type IssuerConfig = z.output<typeof issuer>
export type ApiConfig = z.output<typeof api>
export type RouteConfig = z.output<typeof route>
export type RequirementsConfig = z.output<typeof requirements>
export type ClaimRuleConfig = z.output<typeof claimRule>
export type TokenPlaceConfig = z.output<typeof tokenPlace>
