import { configJsonSchema, type JsonSchema } from './json-schema.ts'

/** A part of the document with a table of its own. `at` is the path of the object it describes. */
interface Section {
  readonly at: string
  readonly title: string
  readonly text: string
}

const sections: readonly Section[] = [
  { at: '', title: 'The document', text: 'The keys at the top.' },
  { at: 'gateway', title: '`gateway`', text: 'The node itself: where it listens, whom it believes, its own bounds.' },
  {
    at: 'issuers.<id>',
    title: '`issuers.<id>`',
    text: 'Who may vouch for a caller, by which keys, and on what terms. An issuer needs `keys`, `introspection`, or both.',
  },
  {
    at: 'policies.<id>',
    title: '`policies.<id>`',
    text: 'What a caller may do. Which policies a caller has, each API says under `access.policy` and `access.scopes`.',
  },
  {
    at: 'apis.<id>',
    title: '`apis.<id>`',
    text: 'One API: which requests are for it, who may call it, and where they go.',
  },
  {
    at: 'apis.<id>.access',
    title: '`apis.<id>.access`',
    text: 'Either the word `public`, or what a token must be and satisfy.',
  },
  {
    at: 'apis.<id>.routes[]',
    title: '`apis.<id>.routes[]`',
    text: 'Rules for parts of an API. Every route that matches adds its requirements; only `override: true` replaces.',
  },
]

const intro = `# Configuration

<!-- Generated from the schema in packages/contract/src by \`npm run docs\`. Do not edit. -->

One document describes everything: a YAML file such as \`jotgate.yaml\`, or JSON when the file's name ends in \`.json\`.
\`jotgate check\` and \`jotgate start\` read it the same way and report every problem at once, as
\`file:line:column code message (hint)\`. The same as a JSON Schema, for editors: [jotgate.schema.json](jotgate.schema.json).

- Unknown keys are errors. Keys are case-sensitive.
- Durations are whole numbers with a unit: \`250ms\`, \`30s\`, \`5m\`, \`1h\`, \`30d\`. Sizes: \`512B\`, \`64KiB\`, \`10MiB\`.
- Ids are 1 to 64 of \`a-z\`, \`0-9\` and \`-\`.
- Keys may, and secrets must, be references: \`\${env:NAME}\` for variables that start with \`JOTGATE_\` or are listed with
  \`--allow-env\`, \`\${file:PATH}\` for files below the configuration's folder or \`--secrets-dir\` (links resolved, 1 MiB at
  most). A final line break is cut off. Text that looks like a reference in any other field is refused.
- YAML 1.2: no tags, no merge keys, no duplicate keys, at most 100 aliases, 16 MiB.
- A file that is empty, missing or cut off is an invalid file, never an empty configuration: \`apis: {}\` must be written out.
`

const example = `## Example

\`\`\`yaml
version: 1

issuers:
  acme:
    issuer: https://id.example.com/realms/acme
    keys: { discovery: true }
    audiences: [orders-api]

apis:
  orders:
    listen: { path: /orders, stripPath: true }
    upstream: { targets: ["http://127.0.0.1:9000"] }
    access:
      issuers: [acme]
      require:
        scopes: { any: [orders.read] }
    forward:
      claims: { X-User: sub }
    routes:
      - { path: /admin/*, require: { scopes: { all: [orders.admin] } } }
\`\`\`
`

/** The whole of `docs/configuration.md`: one table a section, generated from the schema, and an example. */
export function configReference(): string {
  const rows = allRows(configJsonSchema(), '')
  const tables = sections.map((section) => {
    const own = rows.filter((row) => sectionOf(row.path) === section)
    return `## ${section.title}\n\n${section.text}\n\n${table(own, section.at)}`
  })
  return [intro, example, ...tables, loosenings(rows)].join('\n')
}

interface Row {
  readonly path: string
  readonly schema: JsonSchema
  /** `form`: only when the thing is written in this one of several forms. */
  readonly required: 'always' | 'form' | 'no'
}

/** Every key below an object, each with the path an operator would write: `<id>` for map keys, `[]` for list items. */
function allRows(schema: JsonSchema, path: string): readonly Row[] {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>
  const required = (schema.required ?? []) as readonly string[]
  const named = Object.entries(properties).flatMap(([key, property]) => {
    const at = path === '' ? key : `${path}.${key}`
    // A schema that takes any object (an inline JWKS) has nothing of its own to document.
    const below = at.endsWith('.jwks.keys') || at.endsWith('.keys.jwks') ? [] : allRows(property, at)
    return [{ path: at, schema: property, required: required.includes(key) ? 'always' : 'no' } as const, ...below]
  })
  return withoutRepeats([...named, ...behind(schema, path)])
}

function behind(schema: JsonSchema, path: string): readonly Row[] {
  const additional = schema.additionalProperties
  const items = schema.items
  return [
    ...alternatives(schema).flatMap((option) => allRows(option, path).map(inThisForm)),
    ...(isSchema(items) ? allRows(items, `${path}[]`) : []),
    ...(isSchema(additional) && path !== ''
      ? allRows(additional, `${path}.${path.endsWith('.claims') ? '<header>' : '<id>'}`)
      : []),
  ]
}

function inThisForm(row: Row): Row {
  return row.required === 'always' ? { ...row, required: 'form' } : row
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf ?? []) as readonly JsonSchema[]
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null
}

/** Where a thing may be one or a list of the same, its keys are told once. */
function withoutRepeats(rows: readonly Row[]): readonly Row[] {
  const seen = new Set<string>()
  return rows.filter(({ path }) => {
    const key = path.replaceAll('[]', '')
    return !seen.has(key) && seen.add(key)
  })
}

function sectionOf(path: string): Section | undefined {
  return sections.findLast(({ at }) => at === '' || path.startsWith(`${at}.`))
}

function table(rows: readonly Row[], at: string): string {
  const lines = rows.map((row) => {
    const key = at === '' ? row.path : row.path.slice(at.length + 1)
    return `| \`${key}\` | ${typeOf(row.schema)} | ${defaultOf(row)} | ${cell(row.schema.description ?? '')} |`
  })
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n')
}

function defaultOf({ schema, required }: Row): string {
  if (required === 'always') return '*required*'
  if (required === 'form') return '*required in this form*'
  return schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const options = alternatives(schema)
  if (options.length > 0) return [...new Set(options.map(typeOf))].join(' or ')
  if (schema.writeOnly === true) return 'secret'
  if (schema.title === 'duration' || schema.title === 'size' || schema.title === 'claim') return schema.title
  if (schema.type === 'array') return `list of ${isSchema(schema.items) ? typeOf(schema.items) : 'anything'}`
  if (schema.type === 'object') return schema.propertyNames === undefined ? 'object' : 'map'
  return schema.type === 'string' ? 'text' : String(schema.type)
}

function loosenings(rows: readonly Row[]): string {
  const lines = rows
    .filter(({ schema }) => schema.description?.startsWith('Loosening:') === true)
    .map(({ path, schema }) => `- \`${path}\`: ${schema.description?.slice('Loosening: '.length)}`)
  return `## Loosenings\n\nEach is a warning of \`check\` and is logged at every start.\n\n${lines.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
