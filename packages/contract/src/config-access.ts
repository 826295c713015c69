import { z } from 'zod'
import { claimPath, headerName, oneOrMore, scalar, scalars } from './config-fields.ts'
import { objectId } from './ids.ts'
import { sizeBetween } from './scalars.ts'

const claimRule = z.strictObject({
  path: claimPath,
  equals: scalar.optional().meta({ description: 'The claim is exactly this value.' }),
  oneOf: scalars.optional().meta({ description: 'The claim is exactly one of these values.' }),
  contains: scalar
    .optional()
    .meta({ description: 'A list that has this value, or a text that has this word between spaces.' }),
  any: scalars.optional().meta({ description: 'A list (or words) with at least one of these.' }),
  all: scalars.optional().meta({ description: 'A list (or words) with all of these.' }),
  min: z.number().optional().meta({ description: 'A number not below this.' }),
  max: z.number().optional().meta({ description: 'A number not above this.' }),
})

const scopeNames = z.array(z.string().min(1).max(256)).min(1).max(100)

/** What a token must satisfy. */
export const requirements = z.strictObject({
  audiences: z.array(z.string().min(1).max(2048)).min(1).max(100).optional().meta({
    description: 'One of these must be in `aud`, besides what the issuer asks for.',
  }),
  claims: z
    .array(z.union([claimPath, claimRule]))
    .max(100)
    .default([])
    .meta({ description: 'Claims that must be present (a name) or satisfy every condition written (a rule).' }),
  scopes: z
    .strictObject({
      any: scopeNames.optional().meta({ description: 'At least one of these scopes.' }),
      all: scopeNames.optional().meta({ description: 'All of these scopes.' }),
      claim: claimPath.default('scope').meta({ description: 'Where the scopes are: words between spaces, or a list.' }),
    })
    .optional()
    .meta({ description: 'Scopes the token must grant.' }),
})

const tokenPlace = z.union([
  z.strictObject({
    header: headerName.meta({ description: 'Header that carries the token.' }),
    scheme: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, 'an authentication scheme such as Bearer, or null for none')
      .nullable()
      .optional()
      .meta({
        description: 'Scheme before the token; default `Bearer` in `authorization`, none (`null`) in any other header.',
      }),
  }),
  z.strictObject({
    query: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'a parameter name: 1 to 64 of letters, digits and ._-')
      .meta({ description: 'Query parameter that carries the token.' }),
  }),
  z.strictObject({
    cookie: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'a cookie name (RFC 6265 4.1.1)')
      .meta({ description: 'Cookie that carries the token.' }),
    origins: z
      .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'an origin, scheme and host: https://app.example.com'))
      .max(32)
      .default([])
      .meta({ description: 'Origins allowed to send unsafe methods with this cookie; the same origin always is.' }),
  }),
])

const identification = z.strictObject({
  by: z
    .array(z.enum(['jwtClaims', 'jwtKey', 'apiKey']))
    .min(1)
    .max(3)
    .meta({
      description:
        "How a caller's application is found: `jwtClaims`, by the claim sets applications register; `jwtKey`, by tokens they sign themselves; `apiKey`, by their API keys.",
    }),
  connector: z.enum(['or', 'and']).default('or').meta({
    description:
      'Of a token and an API key one is enough, or both must name the same application. A bad credential is refused either way, whatever a good one beside it says.',
  }),
  apiKey: z
    .union([
      z.strictObject({ header: headerName.meta({ description: 'Header that carries the API key.' }) }),
      z.strictObject({
        query: z
          .string()
          .regex(/^[A-Za-z0-9._-]{1,64}$/, 'a parameter name: 1 to 64 of letters, digits and ._-')
          .meta({ description: 'Query parameter that carries the API key.' }),
      }),
    ])
    .optional()
    .meta({ description: 'Where the API key is; default the header `x-api-key`. It never reaches the upstream.' }),
  allowAnonymous: z.boolean().default(false).meta({
    description:
      'Loosening: a caller without any credential is let through, as nobody. One with a bad credential never is.',
  }),
  lookup: z.enum(['strict', 'open', 'relax']).default('strict').meta({
    description:
      'Which applications may call: `strict`, those subscribed to this API; `open`, all that are registered; `relax`, also a caller whose token is good and whom no application claims.',
  }),
})

const callerPolicies = z.strictObject({
  claim: z
    .union([claimPath, z.literal(false)])
    .default('pol')
    .meta({ description: "The claim that names the caller's policies: one id, or a list. `false`: no claim does." }),
  default: z.array(objectId).min(1).max(100).optional().meta({
    description:
      'Policies of a caller whose token has no such claim and whose subscription names none. Without them such a caller is refused.',
  }),
  merge: z.enum(['permissive', 'strict']).default('permissive').meta({
    description: 'Of several policies, one is enough to let a request through, or all of them must.',
  }),
})

const scopePolicies = z.strictObject({
  claim: claimPath.default('scope').meta({ description: 'Where the scopes are: words between spaces, or a list.' }),
  policies: z.record(z.string().min(1).max(256), oneOrMore(objectId)).meta({
    description: 'A map from a scope to the policies it adds.',
  }),
  defaults: z.enum(['keep', 'drop']).default('keep').meta({
    description: 'Whether `policy.default` still counts for a token that has the scope claim. Tyk drops it.',
  }),
})

/** Who may call an API. */
export const access = z.union([
  z.literal('public'),
  z.strictObject({
    token: z
      .union([tokenPlace, z.array(tokenPlace).min(1).max(8)])
      .prefault({ header: 'authorization' })
      .meta({ description: 'Where the token is: `header` and `scheme`, `query`, or `cookie`; or a list of places.' }),
    tokenBytesMax: sizeBetween(256, 65_536, '256B to 64KiB')
      .prefault('8KiB')
      .meta({ description: 'Longest token looked at, before any parsing; at most 64KiB.' }),
    issuers: z.array(objectId).max(100).default([]).meta({
      description:
        'Issuers whose tokens are accepted here. Only where `identify.by` leaves out `jwtClaims` there may be none.',
    }),
    require: requirements
      .prefault({})
      .meta({ description: "What a token must satisfy beyond its issuer's own terms." }),
    identify: identification.optional().meta({
      description: 'Which application is calling. Without it a good token is enough, whoever it was issued to.',
    }),
    trustSelfAsserted: z.array(claimPath).max(100).default([]).meta({
      description:
        'Loosening: claims believed of a token that an application signed itself. Of all others only who it is counts; they satisfy no requirement, name no policy and fill no header.',
    }),
    policy: callerPolicies.optional().meta({
      description:
        'Which policies a caller has here. Without it and without `scopes` whoever has a good token may call everything.',
    }),
    scopes: scopePolicies.optional().meta({ description: 'Policies that scopes of the token add.' }),
  }),
])

export type AccessConfig = z.output<typeof access>
export type RequirementsConfig = z.output<typeof requirements>
export type ClaimRuleConfig = z.output<typeof claimRule>
export type TokenPlaceConfig = z.output<typeof tokenPlace>
