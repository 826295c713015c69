import { z } from 'zod'
import { api } from './config-api.ts'
import { application } from './config-application.ts'
import { gateway } from './config-gateway.ts'
import { issuer } from './config-issuer.ts'
import { policy } from './config-policy.ts'
import { objectId } from './ids.ts'

/** The desired configuration: one strict document, as a file and as what the console shows. Every default stands beside its key. */
export const config = z.strictObject({
  $schema: z.string().max(2048).optional().meta({ description: 'Address of the JSON Schema, for editors; ignored.' }),
  version: z.literal(1).meta({ description: "Version of this document's shape." }),
  gateway: gateway.prefault({}).meta({ description: 'The node itself.' }),
  issuers: z
    .record(objectId, issuer)
    .prefault({})
    .meta({ description: 'Who may vouch for a caller: a map from an id to an issuer.' }),
  policies: z
    .record(objectId, policy)
    .prefault({})
    .meta({ description: 'What callers may do: a map from an id to a policy.' }),
  applications: z
    .record(objectId, application)
    .prefault({})
    .meta({ description: 'Who calls: a map from an id to an application.' }),
  apis: z.record(objectId, api).meta({
    description: 'What is protected: a map from an id to an API. `apis: {}` says in so many words that nothing is.',
  }),
})

/** The document as an operator writes it. */
export type ConfigInput = z.input<typeof config>
/** The document with every default filled in; durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof config>
/** One fault the schema found, before it becomes a `ConfigProblem`. */
export type ConfigIssue = z.core.$ZodIssue
/** The same before it has a message. */
export type RawConfigIssue = z.core.$ZodRawIssue
