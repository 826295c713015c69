import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { readJsonText } from '../../src/app/config/read-json-text.ts'
import { readYamlText } from '../../src/app/config/read-yaml-text.ts'
import { damagedText } from './damage.ts'
import { runFuzz } from './run-fuzz.ts'

// No text makes a reader throw or place a fault outside of it. JSON is read as JSON.parse reads it, apart from what is
// refused by name; YAML as the library reads it with its own strictness, and a document comes back as it was written.

const name = fc.constantFrom('version', 'apis', 'a', 'b', 'no', '1', '', 'x y', '<<', 'ü')
const value = fc.letrec<{ document: unknown; node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('node'), { maxLength: 3 }),
    tie('document'),
  ),
  document: fc.dictionary(name, tie('node'), { maxKeys: 4 }),
})).document
const jsonPieces = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '"a":1,',
  '01',
  '1e5',
  '-',
  '/*',
  '\n',
  '\t',
  'tru',
  '\u00a0',
]
const yamlPieces = ['&x ', '*x', '!t ', '- ', ': ', '\n', '  ', '"', "'", '|', '#', '? ', '---\n', '<<', '{', ']', '\t']
const ownFaults: ReadonlySet<string> = new Set(['duplicate_key', 'too_deep'])

function attempt(read: () => unknown): { readonly value: unknown } | undefined {
  try {
    return { value: read() }
  } catch {
    return undefined
  }
}

function isJsonRight(text: string): boolean {
  const read = readJsonText(text)
  const oracle = attempt(() => JSON.parse(text))
  if (read.ok) return oracle !== undefined && isDeepStrictEqual(read.value.document, oracle.value)
  if (read.error.some(({ at }) => at < 0 || at > text.length)) return false
  return oracle === undefined || read.error.every(({ code }) => ownFaults.has(code))
}

function isYamlRight(text: string): boolean {
  const read = readYamlText(text)
  if (!read.ok) return read.error.length > 0 && read.error.every(({ at }) => at >= 0 && at <= text.length)
  const oracle = attempt(() => parse(text, { version: '1.2', schema: 'core', merge: false, logLevel: 'silent' }))
  return oracle !== undefined && isDeepStrictEqual(read.value.document, oracle.value)
}

function isReadBack(generated: unknown): boolean {
  // Without the missing prototypes of generated maps.
  const document: unknown = JSON.parse(JSON.stringify(generated))
  const json = readJsonText(JSON.stringify(document))
  const yaml = readYamlText(stringify(document))
  return (
    json.ok &&
    yaml.ok &&
    isDeepStrictEqual(json.value.document, document) &&
    isDeepStrictEqual(yaml.value.document, document)
  )
}

await runFuzz(
  'config-text',
  fc.property(
    value,
    damagedText(
      value.map((document) => JSON.stringify(document, undefined, 1)),
      jsonPieces,
    ),
    damagedText(
      value.map((document) => stringify(document)),
      yamlPieces,
    ),
    (document, json, yaml) => isReadBack(document) && isJsonRight(json) && isYamlRight(json) && isYamlRight(yaml),
  ),
)
