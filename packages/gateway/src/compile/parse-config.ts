import {
  type Config,
  type ConfigPath,
  type ConfigProblem,
  config,
  documentDepthMax,
  formatConfigPath,
} from '@jotgate/contract'
import { err, ok, type Result } from '../domain/result.ts'
import { describeIssue, schemaProblems } from './schema-problems.ts'

/**
 * Checks a document against the schema and fills in every default. Problems come all at once and in document order as
 * far as the schema knows it; none ever holds a value of the document.
 */
export function parseConfig(document: unknown): Result<Config, readonly ConfigProblem[]> {
  const reserved = reservedKeyProblem(document, [])
  if (reserved !== undefined) return err([reserved])
  // Without code generation: a hardened Node may forbid it, and a configuration is parsed too seldom to gain by it.
  const parsed = config.safeParse(document, { error: describeIssue, jitless: true })
  return parsed.success ? ok(parsed.data) : err(schemaProblems(parsed.error.issues, document))
}

/** `__proto__` as a key is skipped by the schema library where a map is expected, so nothing else would refuse it. */
function reservedKeyProblem(value: unknown, path: ConfigPath): ConfigProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (path.length > documentDepthMax) {
    return { path: '', code: 'too_deep', message: `deeper than ${documentDepthMax} levels`, severity: 'error' }
  }
  if (Object.hasOwn(value, '__proto__')) {
    const at = formatConfigPath([...path, '__proto__'])
    return { path: at, code: 'unknown_key', message: 'there is no key `__proto__`', severity: 'error' }
  }
  const members = Array.isArray(value) ? value.entries() : Object.entries(value)
  for (const [part, item] of members) {
    const problem = reservedKeyProblem(item, [...path, part])
    if (problem !== undefined) return problem
  }
  return undefined
}
