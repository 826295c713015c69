import { type ConfigPath, parseConfigPath } from '@jotgate/contract'
import { err, ok, type Result } from '../../domain/result.ts'
import { type ConfigSource, type Position, positionsOf, type TextFault } from './config-source.ts'
import { scanJson } from './scan-json.ts'

/** Reads JSON text as a document. Positions cost nothing until a problem asks for one. */
export function readJsonText(text: string): Result<ConfigSource, readonly TextFault[]> {
  const fault = scanJson(text, () => false)
  if (fault !== undefined) return err([fault])
  return ok({ document: JSON.parse(text) as unknown, locate: (path) => locate(text, parseConfigPath(path)) })
}

function locate(text: string, path: ConfigPath): Position | undefined {
  let nearest = Math.max(text.search(/\S/), 0)
  let depth = 0
  scanJson(text, (at, offset) => {
    // Document order: the ancestors of `path` come one level at a time.
    if (at.length !== depth + 1 || at[depth] !== path[depth] || !at.every((part, index) => part === path[index]))
      return false
    nearest = offset
    depth++
    return depth === path.length
  })
  return positionsOf(text)(nearest)
}
