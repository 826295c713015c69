import { z } from 'zod'
import { algorithmName, claimPath, day, hour, httpUrl, minute, oneOrMore, second } from './config-fields.ts'
import { durationBetween, referable, secretReference } from './scalars.ts'

/** Id of a key that has none of its own. */
export const declaredKid = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .meta({ description: 'Declared key id: a token must then name it.' })

const givenKey = z.union([
  referable(
    'A public key: PEM (line breaks may be missing), base64 DER, X.509 certificate, JWK or JWKS; recognised by content.',
  ),
  z.strictObject({
    key: referable('The key itself, in any of the forms.'),
    kid: declaredKid,
  }),
])

/** A secret for HMAC. */
export const givenSecret = z.union([
  secretReference('A shared secret for HMAC, taken as UTF-8 text.'),
  z.strictObject({
    secret: secretReference('The shared secret.'),
    encoding: z
      .enum(['utf8', 'base64', 'base64url', 'hex'])
      .default('utf8')
      .meta({ description: 'How the text spells the bytes.' }),
    kid: declaredKid,
  }),
])

/** A set of public keys, written out. */
export const givenJwks = z
  .union([
    referable('A JWKS as JSON text.'),
    z.looseObject({
      keys: z.array(z.looseObject({})).max(100).meta({ description: 'Its keys, public ones (RFC 7517 5).' }),
    }),
  ])
  .meta({ description: 'A JWKS: inline, as JSON text, or from a file.', hidden: true })

const issuerKeys = z.strictObject({
  discovery: z
    .union([z.literal(true), httpUrl])
    .optional()
    .meta({
      description:
        'Find the JWKS in a metadata document: `true` reads `<issuer>/.well-known/openid-configuration`, a URL names the document (RFC 8414).',
    }),
  jwksUri: oneOrMore(httpUrl).optional().meta({ description: 'URL or URLs of a JWKS.' }),
  jwks: givenJwks.optional(),
  publicKey: oneOrMore(givenKey).optional().meta({ description: 'Public keys in any form.' }),
  certificate: oneOrMore(givenKey).optional().meta({ description: 'X.509 certificates; their validity is checked.' }),
  sharedSecret: oneOrMore(givenSecret)
    .optional()
    .meta({ description: 'Secrets for HMAC, at least as long as the hash; always references.' }),
})

const introspection = z.strictObject({
  endpoint: httpUrl.meta({ description: 'RFC 7662 introspection endpoint.' }),
  clientId: z.string().min(1).max(256).meta({ description: 'Client id Jotgate authenticates with (HTTP Basic).' }),
  clientSecret: secretReference('Client secret Jotgate authenticates with.'),
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

function skew(defaultText: string, description: string) {
  return durationBetween(0, 300 * second, '0s to 300s')
    .prefault(defaultText)
    .meta({ description })
}

/** For each time a token says. */
export const clockSkew = z
  .strictObject({
    iat: skew('60s', 'How far `iat` may lie in the future.'),
    nbf: skew('30s', 'How far `nbf` may lie in the future.'),
    exp: skew('30s', 'How long a token is still taken after `exp`.'),
  })
  .prefault({})
  .meta({ description: 'How far clocks may differ.' })

const fetching = z.strictObject({
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

function loosening(description: string) {
  return z
    .boolean()
    .default(false)
    .meta({ description: `Loosening: ${description}` })
}

/** Who may vouch for a caller, by which keys, and on what terms. */
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
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'a path segment: 1 to 128 of letters, digits and ._-'))
    .min(1)
    .max(10_000)
    .optional()
    .meta({ description: "Values a pattern's `{name}` may take." }),
  anyTenant: loosening("the pattern's `{name}` may take any value."),
  tenantClaim: claimPath
    .default('tid')
    .meta({ description: "When this claim is present, it must equal the pattern's value." }),
  keys: issuerKeys
    .optional()
    .meta({ description: 'Where the verification keys come from; several sources may be named.' }),
  introspection: introspection
    .optional()
    .meta({ description: 'Trust opaque tokens by asking the provider (RFC 7662).' }),
  algorithms: z.array(algorithmName).min(1).max(18).optional().meta({
    description:
      'Accepted `alg` values or families; asymmetric or HMAC, never both. Default: RS256, PS256, ES256, EdDSA and Ed25519 - or HS256 when only shared secrets are given.',
  }),
  audiences: z.array(z.string().min(1).max(2048)).min(1).max(100).optional().meta({
    description: 'Accepted `aud` values: one of them must be in the token. Needed here or on the API.',
  }),
  anyAudience: loosening('accept tokens for any audience.'),
  clockSkew,
  requireExp: z.boolean().default(true).meta({ description: 'Loosening: `false` accepts tokens that never expire.' }),
  maxLifetime: durationBetween(second, 3650 * day, '1s to 3650d')
    .optional()
    .meta({ description: 'Longest `exp` - `iat`; then both claims are required. Default: none.' }),
  requireClaims: z.array(claimPath).max(100).default([]).meta({
    description:
      'Claims that must be present. Where several introspecting issuers forward `sub`, all but one must require `iss`.',
  }),
  accept: z.enum(['accessToken', 'rfc9068', 'idToken']).default('accessToken').meta({
    description:
      'What kind of token: access tokens by the usual `typ` values; `rfc9068` demands `at+jwt` and its claims; `idToken` serves providers whose clients send ID tokens.',
  }),
  jwks: fetching.prefault({}).meta({ description: 'How key sets are fetched and kept.' }),
  allowWeakSecret: loosening('a shared secret shorter than the hash.'),
  allowSampleKey: loosening('a key or secret known from documentation.'),
  allowInsecureHttp: loosening('fetch keys, or ask about tokens, over plain http.'),
  allowExpiredCertificate: loosening('a certificate outside its validity.'),
  allowSmallExponent: loosening('RSA keys with public exponent 3.'),
  allowLargeRsa: loosening('RSA keys of 4097 to 8192 bits (slow to verify).'),
})

export type IssuerConfig = z.output<typeof issuer>
export type IssuerKeysConfig = z.output<typeof issuerKeys>
