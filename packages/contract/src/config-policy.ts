import { z } from 'zod'
import { day, method, pathPattern, second } from './config-fields.ts'
import { objectId } from './ids.ts'
import { durationBetween } from './scalars.ts'

const right = z.strictObject({
  api: objectId.meta({ description: 'API the right is for.' }),
  methods: z.array(method).min(1).max(16).optional().meta({
    description: "Only these methods; default all of the API's. GET also holds for HEAD.",
  }),
  paths: z.array(pathPattern).min(1).max(1000).optional().meta({
    description: "Patterns below the API's own path, as those of its routes; default every path.",
  }),
})

/** What a caller may do. Which policies a caller has, each API says under `access.policy`. */
export const policy = z.strictObject({
  access: z.array(right).min(1).max(1000).meta({ description: 'What may be called; whatever is not listed may not.' }),
  maxTokenAge: durationBetween(second, 3650 * day, '1s to 3650d')
    .optional()
    .meta({
      description: 'A token whose `iat` is longer ago is refused, and so is one without `iat`. Default: any age.',
    }),
  validUntil: z.iso
    .datetime({ offset: true, error: 'a time with its offset: 2027-01-31T00:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional()
    .meta({ description: 'The policy grants nothing from this time on. Default: no end.' }),
})

export type PolicyConfig = z.output<typeof policy>
