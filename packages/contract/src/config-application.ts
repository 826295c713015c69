import { z } from 'zod'
import { algorithmName, claimPath, day, scalar, second } from './config-fields.ts'
import { clockSkew, declaredKid, givenJwks, givenSecret } from './config-issuer.ts'
import { objectId } from './ids.ts'
import { durationBetween, referable } from './scalars.ts'

const claimSet = z.strictObject({
  issuer: objectId.optional().meta({
    description:
      'Issuer whose tokens may match. Needed as soon as tokens of several issuers could: anybody may call himself by any name somewhere.',
  }),
  match: z
    .record(claimPath, scalar)
    .refine((claims) => Object.keys(claims).length > 0, 'name at least one claim')
    .refine((claims) => Object.keys(claims).length <= 16, 'at most 16 claims')
    .meta({ description: 'Claims and the exact values they must have, all of them. No value is ever converted.' }),
})

const subscription = z.strictObject({
  api: objectId.meta({ description: 'API the application may call.' }),
  groups: z
    .array(z.literal('default', 'the one runtime group there is: default'))
    .min(1)
    .max(1)
    .default(['default'])
    .meta({ description: 'Runtime groups the subscription is for.' }),
  policies: z.array(objectId).min(1).max(100).optional().meta({
    description:
      "Policies of this application on that API, where the token's claim names none. Take the place of `policy.default`.",
  }),
})

const signingKey = z.strictObject({
  name: z.string().min(1).max(256).meta({ description: 'What the key is called.' }),
  publicKey: referable(
    'A public key: PEM (line breaks may be missing), base64 DER, JWK or JWKS; recognised by content.',
  ).optional(),
  certificate: referable('An X.509 certificate; its validity is checked.').optional(),
  jwks: givenJwks.optional(),
  sharedSecret: givenSecret.optional().meta({
    description: 'A secret for HMAC, at least as long as the hash; always a reference.',
  }),
  kid: declaredKid,
})

const ownTokens = z.strictObject({
  keys: z.array(signingKey).min(1).max(100).meta({
    description:
      'Keys it signs with, public halves or secrets. A token names one by its `kid`: the declared one, the RFC 7638 thumbprint, or the SHA-256 of the SubjectPublicKeyInfo.',
  }),
  issuer: z
    .string()
    .min(1)
    .max(2048)
    .optional()
    .meta({ description: 'The exact `iss` of its tokens; default its id.' }),
  subject: z
    .union([z.string().min(1).max(2048), z.literal(false)])
    .optional()
    .meta({ description: 'The exact `sub` of its tokens; default its id. `false`: any, or none.' }),
  audiences: z.array(z.string().min(1).max(2048)).min(1).max(100).optional().meta({
    description: 'Accepted `aud` values: one of them must be in the token; default its id.',
  }),
  algorithms: z.array(algorithmName).min(1).max(18).optional().meta({
    description:
      'Accepted `alg` values or families; asymmetric or HMAC, never both. Default: RS256, PS256, ES256, EdDSA and Ed25519 - or HS256 when only shared secrets are given.',
  }),
  clockSkew,
  requireExp: z.boolean().default(true).meta({ description: 'Loosening: `false` accepts tokens that never expire.' }),
  maxLifetime: durationBetween(second, 3650 * day, '1s to 3650d')
    .optional()
    .meta({ description: 'Longest `exp` - `iat`; then both claims are required. Default: none.' }),
})

const apiKey = z.strictObject({
  id: objectId.meta({ description: 'What the key is called; it stands in no request.' }),
  hash: z
    .string()
    .regex(/^hmac-sha256:[A-Za-z0-9_-]{43}$/, 'a keyed hash as `jotgate keys api` prints it: hmac-sha256:…')
    .meta({ description: "The key's hash under the master key of this installation; never the key." }),
  validUntil: z.iso
    .datetime({ offset: true, error: 'a time with its offset: 2027-01-31T00:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional()
    .meta({ description: 'The key is refused from this time on. Default: no end.' }),
})

/** Who calls: a registered client, how it is known, and what it subscribed to. */
export const application = z.strictObject({
  name: z.string().min(1).max(256).optional().meta({ description: 'Name people see; default its id.' }),
  owner: z.string().min(1).max(256).optional().meta({ description: 'Who answers for it: an address, a team.' }),
  description: z.string().max(2048).optional().meta({ description: 'What it is for.' }),
  status: z.enum(['active', 'suspended', 'pending']).default('active').meta({
    description: 'An application that is suspended, or pending approval, is known and refused.',
  }),
  metadata: z
    .record(
      z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a name: 1 to 64 of letters, digits and _.-'),
      z.string().max(1024),
    )
    .default({})
    .meta({ description: 'Facts of your own about it; `forward.application` of an API can send them on.' }),
  claims: z.array(claimSet).min(1).max(100).optional().meta({
    description: 'Claim sets it is known by: all claims of one set. The set with the most claims decides.',
  }),
  tokens: ownTokens.optional().meta({
    description:
      'Tokens it signs itself. They say that it is calling; whatever else they claim is its own word (see `trustSelfAsserted` of an API).',
  }),
  apiKeys: z.array(apiKey).min(1).max(100).optional().meta({
    description: 'API keys it is known by. `jotgate keys api` makes one and prints its line.',
  }),
  subscriptions: z.array(subscription).max(1000).default([]).meta({ description: 'APIs it may call.' }),
})

export type ApplicationConfig = z.output<typeof application>
