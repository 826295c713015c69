import { type ConfigPath, type ConfigProblem, formatConfigPath } from '@jotgate/contract'

/** Collects problems, so that one run reports them all. */
export interface ProblemList {
  readonly error: (path: ConfigPath, code: string, message: string, hint?: string) => void
  readonly warn: (path: ConfigPath, code: string, message: string, hint?: string) => void
  readonly all: readonly ConfigProblem[]
}

/** An empty list. */
export function problemList(): ProblemList {
  const all: ConfigProblem[] = []
  const add = (severity: ConfigProblem['severity']): ProblemList['error'] =>
    function add(path, code, message, hint) {
      const problem = { path: formatConfigPath(path), code, message, severity }
      all.push(hint === undefined ? problem : { ...problem, hint })
    }
  return { error: add('error'), warn: add('warning'), all }
}
