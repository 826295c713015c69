import { z } from 'zod'
import { config } from './config.ts'
import type { ConfigPath } from './config-path.ts'

/** What the schema says about places of a document, for everything that must know a field beside its value. */

type Schema = z.core.$ZodType

/** Deeper than any meaningful configuration: bounds every walk over a document. */
export const documentDepthMax = 64

const concreteOf = new WeakMap<Schema, readonly Schema[]>()

/** The schemas a value may meet once defaults, options and unions are opened, with those wrappers themselves. */
function open(schema: Schema): readonly Schema[] {
  const known = concreteOf.get(schema)
  if (known !== undefined) return known
  const opened = [schema, ...inner(schema).flatMap(open)]
  concreteOf.set(schema, opened)
  return opened
}

function inner(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodUnion) return schema.options
  if (schema instanceof z.ZodPipe) return [schema.in]
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return [schema.unwrap()]
  return []
}

function child(schema: Schema, part: string | number): Schema | undefined {
  if (schema instanceof z.ZodArray) return typeof part === 'number' ? schema.element : undefined
  if (typeof part === 'number') return undefined
  if (schema instanceof z.ZodRecord) return schema.valueType
  if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, part)) return schema.shape[part]
  return undefined
}

function children(schemas: readonly Schema[], part: string | number): readonly Schema[] {
  return schemas.flatMap((schema) => {
    const found = child(schema, part)
    return found === undefined ? [] : open(found)
  })
}

function schemasAt(path: ConfigPath): readonly Schema[] {
  return path.reduce<readonly Schema[]>(children, open(config))
}

function isMarked(schemas: readonly Schema[], mark: 'reference' | 'secret' | 'hidden'): boolean {
  return schemas.some((schema) => z.globalRegistry.get(schema)?.[mark] === true)
}

/** The keys an object at `path` may have, over all forms it may take; empty where it may have any. */
export function keysAllowedAt(path: ConfigPath): readonly string[] {
  const keys = schemasAt(path).flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []))
  return [...new Set(keys)]
}

/** A text of the document that is a reference, looks like one, or stands where a secret belongs. */
export interface MarkedText {
  readonly path: ConfigPath
  readonly text: string
  /** `plain`: no reference is read here. */
  readonly field: 'secret' | 'key' | 'plain'
}

const looksLikeReference = /\$\{(env|file):/

/** Every text that reference resolution must judge (security rule S20), in document order. */
export function markedTexts(document: unknown): readonly MarkedText[] {
  const found: MarkedText[] = []
  function visit(value: unknown, path: ConfigPath, schemas: readonly Schema[]): void {
    if (typeof value === 'string') {
      const secret = isMarked(schemas, 'secret')
      if (!secret && !looksLikeReference.test(value)) return
      found.push({ path, text: value, field: secret ? 'secret' : isMarked(schemas, 'reference') ? 'key' : 'plain' })
      return
    }
    for (const [part, item] of members(value, path.length)) visit(item, [...path, part], children(schemas, part))
  }
  visit(document, [], open(config))
  return found
}

/** The document, or a parsed `Config`, with every secret replaced by `(hidden)`: what may be shown. */
export function hideSecrets(document: unknown): unknown {
  function shown(value: unknown, depth: number, schemas: readonly Schema[]): unknown {
    if (value === undefined || value === null) return value
    if (isMarked(schemas, 'hidden') || (typeof value === 'string' && isMarked(schemas, 'secret'))) return '(hidden)'
    if (typeof value !== 'object') return value
    const entries = members(value, depth).map(
      ([part, item]) => [part, shown(item, depth + 1, children(schemas, part))] as const,
    )
    return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
  }
  return shown(document, 0, open(config))
}

function members(value: unknown, depth: number): readonly (readonly [string | number, unknown])[] {
  if (typeof value !== 'object' || value === null || depth >= documentDepthMax) return []
  return Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value)
}
