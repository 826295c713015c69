import type { ConfigPath } from '@jotgate/contract'
import { pathSegments } from './compile-paths.ts'
import type { PathPattern } from './plan.ts'
import type { ProblemList } from './problem-list.ts'

/** A path pattern as an operator writes it; undefined, with a problem, when no request could match it. */
export function compilePattern(
  text: string,
  pathForms: number,
  path: ConfigPath,
  problems: ProblemList,
): PathPattern | undefined {
  const segments = pathSegments(text, pathForms, path, problems)
  if (segments === undefined) return undefined
  if (segments.some((segment) => segment.includes('*') && segment !== '*')) {
    problems.error(path, 'route_pattern', '`*` stands for a whole segment', 'write `/v1/*`, not `/v1*`')
    return undefined
  }
  const rest = segments.at(-1) === '*'
  return { segments: rest ? segments.slice(0, -1) : segments, rest }
}
