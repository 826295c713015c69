import { type ConfigProblem, formatConfigPath } from '@jotgate/contract'
import { err, ok, type Result } from '../../domain/result.ts'
import { type ConfigSource, type Position, positionsOf, type TextFault } from './config-source.ts'
import { readJsonText } from './read-json-text.ts'
import { readYamlText } from './read-yaml-text.ts'

/** Largest configuration file (security rule S20). */
export const configBytesMax: number = 16 * 1024 * 1024

/** A problem with the text itself, which knows its place. */
export interface TextProblem extends ConfigProblem {
  readonly position?: Position
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads a configuration file: JSON when its name ends in `.json`, YAML otherwise. An empty or cut-off file is a
 * problem, never an empty configuration (security rule S21).
 */
export function readConfigText(bytes: Buffer, fileName: string): Result<ConfigSource, readonly TextProblem[]> {
  if (bytes.length > configBytesMax) return refuse('too_large', 'the file is larger than 16 MiB')
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return refuse('not_utf8', 'the file is not UTF-8 text', 'was the file written whole?')
  }
  const problem = wholeTextFault(text)
  const read =
    problem !== undefined ? err([problem]) : fileName.endsWith('.json') ? readJsonText(text) : readYamlText(text)
  if (!read.ok) return err(located(read.error, text))
  if (read.value.document === null)
    return refuse('empty', 'the file says nothing', 'an empty gateway is written `version: 1` and `apis: {}`')
  return ok(read.value)
}

function wholeTextFault(text: string): TextFault | undefined {
  if (text.trim() === '') {
    return {
      code: 'empty',
      message: 'the file is empty',
      hint: 'an empty gateway is written `version: 1` and `apis: {}`',
      at: 0,
    }
  }
  const nul = text.indexOf('\0')
  if (nul === -1) return undefined
  return { code: 'control_character', message: 'a NUL character', hint: 'was the file written whole?', at: nul }
}

function refuse(code: string, message: string, hint?: string): Result<never, readonly TextProblem[]> {
  const problem = { path: '', code, message, severity: 'error' } as const
  return err([hint === undefined ? problem : { ...problem, hint }])
}

function located(faults: readonly TextFault[], text: string): readonly TextProblem[] {
  const position = positionsOf(text)
  return faults.map(({ code, message, hint, path, at }) => {
    const problem = {
      path: formatConfigPath(path ?? []),
      code,
      message,
      severity: 'error',
      position: position(at),
    } as const
    return hint === undefined ? problem : { ...problem, hint }
  })
}
