import type { ConfigPath } from '@jotgate/contract'
import type { ProblemList } from './problem-list.ts'

/** A rule for methods its API does not let through would never hold. `path` is that of the methods. */
export function checkMethodsUsed(
  methods: readonly string[] | undefined,
  letThrough: readonly string[],
  path: ConfigPath,
  problems: ProblemList,
): void {
  for (const [index, method] of (methods ?? []).entries()) {
    if (letThrough.includes(method)) continue
    const hint = "add it to the API's `methods`, or drop it here"
    problems.error([...path, index], 'method_unused', `the API does not let ${method} through`, hint)
  }
}
