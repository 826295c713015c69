import {
  type ConfigIssue,
  type ConfigPath,
  type ConfigProblem,
  formatConfigPath,
  keysAllowedAt,
  type RawConfigIssue,
} from '@jotgate/contract'
import { didYouMean } from './did-you-mean.ts'

/** An issue at its whole path; those inside a union carry only the rest of it. */
interface PlacedIssue {
  readonly path: ConfigPath
  readonly issue: ConfigIssue
}

/** The faults the schema found, as problems: unions narrowed to the form that was meant, one problem for each key. */
export function schemaProblems(issues: readonly ConfigIssue[], document: unknown): readonly ConfigProblem[] {
  return issues.flatMap((issue) => meantIssues(issue, [], document)).flatMap((placed) => problemsOf(placed, document))
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: '`null`',
}

/** Words for issues whose schema brings none of its own. Names what is allowed, never what was given. */
export function describeIssue(issue: RawConfigIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${typeWords[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      if (issue.input === undefined) return 'is required'
      return `must be ${oneOf(issue.values.map((value) => `\`${String(value)}\``))}`
    case 'too_big':
      return `must ${boundWords('at most', issue.maximum, issue.origin)}`
    case 'too_small':
      return issue.minimum === 1 && units[issue.origin] !== undefined
        ? 'must not be empty'
        : `must ${boundWords('at least', issue.minimum, issue.origin)}`
    case 'invalid_key':
      return 'is not a possible name here'
    case 'unrecognized_keys':
      return 'is not a known key'
    default:
      return 'is not possible here'
  }
}

const units: Readonly<Record<string, string>> = { string: 'character', array: 'item' }

function boundWords(side: 'at least' | 'at most', bound: number | bigint, origin: string): string {
  const unit = units[origin]
  return unit === undefined ? `be ${side} ${bound}` : `have ${side} ${bound} ${unit}${bound === 1 ? '' : 's'}`
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** What to say of an issue: a union's is narrowed to the form that was meant, found by the fewest and mildest faults. */
function meantIssues(issue: ConfigIssue, above: ConfigPath, document: unknown): readonly PlacedIssue[] {
  const path = [...above, ...(issue.path as ConfigPath)]
  if (issue.code !== 'invalid_union') return [{ path, issue }]
  const forms = issue.errors.map((form) => form.flatMap((inner) => meantIssues(inner, path, document)))
  const value = valueAt(document, path)
  const candidates = forms.filter((form) => !form.some((placed) => isOtherType(placed, path, value)))
  // Every form wants another type: none was meant, so say what would do.
  if (candidates.length === 0) return [{ path, issue: otherTypes(forms, path, value) }]
  const distances = candidates.map((form) => distanceOf(form, path))
  const meant = candidates[distances.indexOf(Math.min(...distances))] ?? []
  const [only, second] = meant
  // A word that is none of the allowed ones: another form may have been meant as well, so both are said.
  if (only?.issue.code !== 'invalid_value' || second !== undefined || only.path.length !== path.length) return meant
  return [{ path, issue: { ...only.issue, message: otherTypes(forms, path, value).message } }]
}

/** Whether the form wants a value of another type at this very place. */
function isOtherType({ path: at, issue }: PlacedIssue, path: ConfigPath, value: unknown): boolean {
  if (at.length !== path.length) return false
  if (issue.code === 'invalid_value') return issue.values.every((allowed) => typeof allowed !== typeof value)
  return issue.code === 'invalid_type' || (issue.code === 'custom' && issue.params?.[mark] !== undefined)
}

/** Marks an issue of our own making with its code. */
const mark = 'jotgateCode'

/** How far a form is from what was written: keys that are missing or unknown weigh more than values. */
function distanceOf(form: readonly PlacedIssue[], path: ConfigPath): number {
  let distance = 0
  for (const { path: at, issue } of form) {
    if (issue.code === 'unrecognized_keys') distance += 10 * issue.keys.length
    else if (issue.message === 'is required') distance += at.length === path.length + 1 ? 15 : 2
    else distance += at.length === path.length ? 5 : 1
  }
  return distance
}

function otherTypes(forms: readonly (readonly PlacedIssue[])[], path: ConfigPath, value: unknown): ConfigIssue {
  const missing = value === undefined
  const here = forms.flat().filter((placed) => placed.path.length === path.length)
  const words = here.flatMap(({ issue }) => issue.message.replace(/^must be /, '').split(' or '))
  const message = missing ? 'is required' : `must be ${oneOf([...new Set(words)])}`
  return { code: 'custom', path: [], message, params: { [mark]: missing ? 'missing' : 'wrong_type' } }
}

const codes: Readonly<Record<string, string>> = {
  invalid_type: 'wrong_type',
  invalid_value: 'wrong_value',
  invalid_format: 'wrong_form',
  too_big: 'out_of_bounds',
  too_small: 'out_of_bounds',
  unrecognized_keys: 'unknown_key',
  invalid_key: 'wrong_name',
  custom: 'out_of_bounds',
}

function problemsOf({ path, issue }: PlacedIssue, document: unknown): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  const name = path.length === 0 ? 'the document' : `\`${shortPath(path)}\``
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
  const stated = issue.code === 'custom' ? issue.params?.[mark] : undefined
  const code =
    message === 'is required' ? 'missing' : typeof stated === 'string' ? stated : (codes[issue.code] ?? 'invalid')
  const said = /^(is|must) /.test(message) ? `${name} ${message}` : `${name}: ${message}`
  const hint = hintFor(issue, valueAt(document, path))
  const problem = { path: formatConfigPath(path), code, message: said, severity: 'error' } as const
  return [hint === undefined ? problem : { ...problem, hint }]
}

function unknownKey(path: ConfigPath, key: string): ConfigProblem {
  const allowed = keysAllowedAt(path)
  const where = path.length === 0 ? 'the document' : `\`${shortPath(path)}\``
  return {
    path: formatConfigPath([...path, key]),
    code: 'unknown_key',
    message: `${where} has no key \`${key.slice(0, 64)}\``,
    hint: didYouMean(key, allowed) ?? `known are ${allowed.join(', ')}`,
    severity: 'error',
  }
}

function hintFor(issue: ConfigIssue, value: unknown): string | undefined {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    return didYouMean(value, issue.values.map(String))
  }
  if (issue.code !== 'invalid_type') return undefined
  if (value === null) return 'nothing is written after the key'
  if (issue.message === 'must be text' && typeof value !== 'object' && value !== undefined) return 'put it in quotes'
  if (issue.expected === 'array' && typeof value !== 'object' && value !== undefined)
    return 'a list of one is written `[…]`'
  return undefined
}

function valueAt(document: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Readonly<Record<string | number, unknown>>)[part]
        : undefined,
    document,
  )
}

/** The last key with its list position: `port`, `targets[0]`. */
function shortPath(path: ConfigPath): string {
  const key = path.findLastIndex((part) => typeof part === 'string')
  return formatConfigPath(path.slice(Math.max(key, 0)))
}
