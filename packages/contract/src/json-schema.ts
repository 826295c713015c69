import { z } from 'zod'
import { config } from './config.ts'

/** A JSON Schema (draft 7) of what an operator writes, as far as the reference and editors need to know it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly description?: string
}

/**
 * The JSON Schema of `jotgate.yaml`, for editors. Draft 7, because that is what YAML and JSON language servers read.
 * It says less than `check`: rules that span several keys are not in it.
 */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(config, {
    io: 'input',
    target: 'draft-7',
    override({ jsonSchema }) {
      const marks = jsonSchema as Record<string, unknown>
      if (marks.secret === true) marks.writeOnly = true
      delete marks.secret
      delete marks.reference
      delete marks.hidden
    },
  })
  return {
    $schema,
    $id: 'urn:jotgate:configuration:1',
    title: 'Jotgate configuration',
    description: 'The desired configuration of a Jotgate node: jotgate.yaml.',
    ...schema,
  }
}
