import { readFileSync } from 'node:fs'
import type { RuleLocation } from '../domain/decision.ts'
import { escapeForTerminal } from '../telemetry/escape-text.ts'

/**
 * The line of the configuration a rule stands on, safe to print. Undefined: the file is not there, or was edited since,
 * so that the line no longer names the rule's key.
 */
export function readSourceLine(rule: RuleLocation): string | undefined {
  if (rule.file === undefined || rule.line === undefined) return undefined
  let text: string
  try {
    text = readFileSync(rule.file, 'utf8')
  } catch {
    return undefined
  }
  const line = text.split(/\r?\n/)[rule.line - 1]
  return line === undefined || !namesRule(line, rule.path) ? undefined : escapeForTerminal(hideInline(line.trim()))
}

/** A rule that is only there by default stands at the nearest key that is written; a list item need not say its name. */
function namesRule(line: string, path: string): boolean {
  if (/[\]"]$/.test(path)) return true
  return path.split('.').some((key) => line.includes(key.replace(/\[\d+\]$/, '')))
}

/** Secrets are references, but a key set may be written out, with `k` of a shared secret in it. */
export function hideInline(line: string): string {
  return line.replaceAll(
    /(\b(?:k|secret|sharedSecret|clientSecret)["']?\s*:\s*)(?!["']?\$\{|[{[]|\s*$)("[^"]*"|'[^']*'|[^\s,}]+)/g,
    '$1[hidden]',
  )
}
