import type { ConfigPath } from '@jotgate/contract'
import { normalisePath } from './normalise-path.ts'
import type { ProblemList } from './problem-list.ts'

/**
 * The segments of a path an operator wrote. It must be spelt as requests are once they are normalised, or it would
 * never match; undefined, with a problem, when it is not.
 */
export function pathSegments(
  text: string,
  allowedForms: number,
  path: ConfigPath,
  problems: ProblemList,
): readonly string[] | undefined {
  const normal = normalisePath(text)
  if (!normal.ok) {
    const hint = 'requests with such a path are refused before they are matched'
    problems.error(path, 'path_form', `not a path that can match: ${normal.error.replaceAll('_', ' ')}`, hint)
    return undefined
  }
  if (normal.value.path !== text) {
    problems.error(path, 'path_form', 'not spelt as requests are normalised', `write ${normal.value.path}`)
    return undefined
  }
  if ((normal.value.forms & ~allowedForms) !== 0 || text.includes('//')) {
    const hint = 'requests with such a path are refused; see `listen.allow`'
    problems.error(path, 'path_form', 'an encoded slash, an empty segment or a `;` parameter', hint)
    return undefined
  }
  return text.split('/').filter((segment) => segment !== '')
}
